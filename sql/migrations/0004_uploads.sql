-- The ledger of what is on its way into the store: written before a file is placed there, removed in the transaction
-- that creates its record. A row that is left says what a crash may have left behind.
CREATE TABLE IF NOT EXISTS uploads (
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    sha256 BINARY(32) NOT NULL,
    created_at DATETIME(3) NOT NULL,
    KEY uploads_sha256 (sha256),
    KEY uploads_created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
