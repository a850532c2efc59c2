-- The bytes of files, stored once for each content. A row exists exactly while something refers to the content.
CREATE TABLE IF NOT EXISTS blobs (
    sha256 BINARY(32) NOT NULL PRIMARY KEY,
    size BIGINT UNSIGNED NOT NULL,
    store VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    reference_count INT UNSIGNED NOT NULL,
    created_at DATETIME(3) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
