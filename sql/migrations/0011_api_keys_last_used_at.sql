-- When a key was last used, to the minute.
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS last_used_at DATETIME(3) NULL;
