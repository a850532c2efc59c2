-- Lists in the order of the last change.
CREATE INDEX IF NOT EXISTS media_updated_at ON media (updated_at, id);
