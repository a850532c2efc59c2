-- What was made of a record's file: smaller pictures, renditions, previews. Each is a blob.
CREATE TABLE IF NOT EXISTS variants (
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    -- Of its public name; one picture may be there in several formats.
    extension VARCHAR(8) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    sha256 BINARY(32) NOT NULL,
    mime_type VARCHAR(127) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    size BIGINT UNSIGNED NOT NULL,
    -- Pixels.
    width INT UNSIGNED NULL,
    height INT UNSIGNED NULL,
    -- Milliseconds.
    duration BIGINT UNSIGNED NULL,
    -- Whether it is for the service itself, and none of the record's variants.
    is_hidden BOOLEAN NOT NULL DEFAULT 0,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (media_id, name, extension),
    KEY variants_sha256 (sha256),
    CONSTRAINT variants_media FOREIGN KEY (media_id) REFERENCES media (id) ON DELETE CASCADE,
    CONSTRAINT variants_blob FOREIGN KEY (sha256) REFERENCES blobs (sha256)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
