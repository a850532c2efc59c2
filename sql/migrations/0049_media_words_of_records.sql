-- The names of the records that are there.
INSERT IGNORE INTO media_words (media_id, name)
SELECT id, TRIM(REGEXP_REPLACE(CONCAT_WS(' ', original_name, title), '[^[:alnum:]]+', ' ')) FROM media;
