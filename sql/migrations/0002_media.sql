-- The records: the platform's Media model, then what the service keeps beside it. Ids sort by creation time.
CREATE TABLE IF NOT EXISTS media (
    id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    type ENUM('IMAGE', 'VIDEO', 'AUDIO', 'DOCUMENT', 'OTHER') NOT NULL,
    original_name VARCHAR(255) NOT NULL,
    mime_type VARCHAR(127) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    size BIGINT UNSIGNED NOT NULL,
    user_id VARCHAR(191) NOT NULL,
    entity_id VARCHAR(191) NULL,
    entity_type VARCHAR(64) NULL,
    metadata JSON NULL,
    is_public BOOLEAN NOT NULL DEFAULT FALSE,
    status ENUM('PROCESSING', 'READY', 'FAILED', 'DELETED') NOT NULL,
    created_at DATETIME(3) NOT NULL,
    updated_at DATETIME(3) NOT NULL,
    title VARCHAR(255) NULL,
    sha256 BINARY(32) NOT NULL,
    public_name VARCHAR(255) NOT NULL,
    deleted_at DATETIME(3) NULL,
    KEY media_user (user_id, id),
    KEY media_sha256 (sha256),
    CONSTRAINT media_blob FOREIGN KEY (sha256) REFERENCES blobs (sha256)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
