-- The request that took a counted link's last use: nginx may ask twice for one download, and that is one use.
ALTER TABLE signed_links ADD COLUMN IF NOT EXISTS last_request VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL;
