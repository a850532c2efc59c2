-- Part of what a signed link's signature covers: to raise it ends all links of the file.
ALTER TABLE media ADD COLUMN IF NOT EXISTS link_epoch INT UNSIGNED NOT NULL DEFAULT 0;
