-- When a key ends by itself; NULL: never.
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS expires_at DATETIME(3) NULL;
