-- One user's lists in each of their orders; media_user is the one of creation.
ALTER TABLE media
    ADD INDEX IF NOT EXISTS media_user_updated_at (user_id, updated_at, id),
    ADD INDEX IF NOT EXISTS media_user_size (user_id, size, id),
    ADD INDEX IF NOT EXISTS media_user_name (user_id, original_name, id);
