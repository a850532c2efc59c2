-- Events on their way, each once for everybody it is sent to, written in the transaction of the change that it tells of.
CREATE TABLE IF NOT EXISTS outbox (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    target_id INT UNSIGNED NOT NULL,
    event_id CHAR(36) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    type VARCHAR(32) NOT NULL,
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    data MEDIUMTEXT NOT NULL,
    created_at DATETIME(3) NOT NULL,
    -- Later than that where it was sent anew.
    queued_at DATETIME(3) NOT NULL,
    attempts INT UNSIGNED NOT NULL DEFAULT 0,
    retry_at DATETIME(3) NULL,
    -- Since when it is delivered or given up.
    settled_at DATETIME(3) NULL,
    is_delivered BOOLEAN NOT NULL DEFAULT 0,
    KEY outbox_due (target_id, settled_at, id),
    KEY outbox_postponed (target_id, settled_at, retry_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
