-- Finds the deleted records whose retention time is over.
CREATE INDEX IF NOT EXISTS media_deleted_at ON media (deleted_at);
