-- Each user's records with what lists are counted and added up by, so that to count a million of them reads this index only.
ALTER TABLE media
    DROP INDEX IF EXISTS media_user,
    ADD INDEX media_user (user_id, id, status, type, is_public, size);
