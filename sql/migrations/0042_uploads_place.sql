-- Where an upload's content is placed.
ALTER TABLE uploads
    ADD COLUMN IF NOT EXISTS store VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'local' AFTER sha256,
    ADD COLUMN IF NOT EXISTS token VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '' AFTER store;
