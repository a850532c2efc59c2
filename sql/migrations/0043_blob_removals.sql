-- Blobs in stores elsewhere that nothing refers to any longer, until they are removed there.
CREATE TABLE IF NOT EXISTS blob_removals (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    store VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    sha256 BINARY(32) NOT NULL,
    token VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    -- Not before: whoever was sent there may still be reading.
    due_at DATETIME(3) NOT NULL,
    KEY blob_removals_due_at (due_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
