-- What webhooks' receivers have answered.
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    webhook_id INT UNSIGNED NOT NULL,
    event_id CHAR(36) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    type VARCHAR(32) NOT NULL,
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    at DATETIME(3) NOT NULL,
    attempt INT UNSIGNED NOT NULL,
    milliseconds INT UNSIGNED NOT NULL,
    -- NULL: no answer came.
    status SMALLINT UNSIGNED NULL,
    error VARCHAR(500) NULL,
    KEY webhook_deliveries_webhook (webhook_id, id),
    KEY webhook_deliveries_at (at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
