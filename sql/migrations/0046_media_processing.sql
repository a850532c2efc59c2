-- What is made of files. `processing`: how the uploader wants it, NULL: not at all. `details` and `variants`: what was found and made, as
-- answers have it (JSON). `shown_sha256`: the content that others than owner and administrators get, where it isn't the file itself.
ALTER TABLE media
    ADD COLUMN IF NOT EXISTS processing VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL,
    ADD COLUMN IF NOT EXISTS details MEDIUMTEXT NULL,
    ADD COLUMN IF NOT EXISTS variants MEDIUMTEXT NULL,
    ADD COLUMN IF NOT EXISTS shown_sha256 BINARY(32) NULL;
