-- Since when a record has the file it has; the first one since the record was made.
ALTER TABLE media ADD COLUMN IF NOT EXISTS version_at DATETIME(3) NULL;
