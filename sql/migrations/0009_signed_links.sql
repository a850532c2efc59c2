-- The links that were made. A link without its row doesn't hold.
CREATE TABLE IF NOT EXISTS signed_links (
    id CHAR(20) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    key_id CHAR(8) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    epoch INT UNSIGNED NOT NULL,
    created_by VARCHAR(200) NOT NULL,
    subject VARCHAR(191) NULL,
    created_at DATETIME(3) NOT NULL,
    expires_at BIGINT NOT NULL,
    network VARCHAR(49) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL,
    download_name VARCHAR(255) NULL,
    max_uses INT UNSIGNED NULL,
    uses INT UNSIGNED NOT NULL DEFAULT 0,
    revoked_at DATETIME(3) NULL,
    KEY signed_links_media (media_id, id),
    KEY signed_links_expires_at (expires_at),
    CONSTRAINT signed_links_media FOREIGN KEY (media_id) REFERENCES media (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
