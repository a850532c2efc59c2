-- What has come of uploads in pieces and lies in a store elsewhere, where other hosts find it.
CREATE TABLE IF NOT EXISTS upload_parts (
    upload_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    -- The place of its first byte in the file.
    start BIGINT NOT NULL,
    length BIGINT NOT NULL,
    sha256 BINARY(32) NOT NULL,
    store VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    token VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    PRIMARY KEY (upload_id, start),
    KEY upload_parts_sha256 (sha256)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
