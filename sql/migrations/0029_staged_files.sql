-- Files that were uploaded before anybody said whose they are. A record that is made with such a file's URL takes its id, its
-- content and the reference to that over; what no record takes over is removed after a while.
CREATE TABLE IF NOT EXISTS staged_files (
    id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    sha256 BINARY(32) NOT NULL,
    size BIGINT UNSIGNED NOT NULL,
    mime_type VARCHAR(127) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    original_name VARCHAR(255) NOT NULL,
    created_by VARCHAR(200) NOT NULL,
    created_at DATETIME(3) NOT NULL,
    KEY staged_files_created_at (created_at),
    KEY staged_files_sha256 (sha256),
    CONSTRAINT staged_files_blob FOREIGN KEY (sha256) REFERENCES blobs (sha256)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
