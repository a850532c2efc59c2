-- Where the file of a record is that points outside; such a record has no sha256.
ALTER TABLE media ADD COLUMN IF NOT EXISTS external_url VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL;
