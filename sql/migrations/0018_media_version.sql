-- Counts the files that a record has had.
ALTER TABLE media ADD COLUMN IF NOT EXISTS version INT UNSIGNED NOT NULL DEFAULT 1;
