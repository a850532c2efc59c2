-- The files that records had before the ones they have. One that is to go is hidden at once (expires_at) and removed with its
-- bytes a little later, since nginx may still reuse a decision that names it.
CREATE TABLE IF NOT EXISTS media_versions (
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    number INT UNSIGNED NOT NULL,
    original_name VARCHAR(255) NOT NULL,
    mime_type VARCHAR(127) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    size BIGINT UNSIGNED NOT NULL,
    sha256 BINARY(32) NOT NULL,
    created_at DATETIME(3) NOT NULL,
    expires_at DATETIME(3) NULL,
    PRIMARY KEY (media_id, number),
    KEY media_versions_sha256 (sha256),
    KEY media_versions_expires_at (expires_at),
    CONSTRAINT media_versions_media FOREIGN KEY (media_id) REFERENCES media (id) ON DELETE CASCADE,
    CONSTRAINT media_versions_blob FOREIGN KEY (sha256) REFERENCES blobs (sha256)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
