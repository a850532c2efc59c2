-- Lists in the order of the size.
CREATE INDEX IF NOT EXISTS media_size ON media (size, id);
