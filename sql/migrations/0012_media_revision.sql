-- Counts a record's changes; its entity tag.
ALTER TABLE media ADD COLUMN IF NOT EXISTS revision INT UNSIGNED NOT NULL DEFAULT 1;
