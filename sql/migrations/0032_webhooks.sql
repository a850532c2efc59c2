-- Where events are sent by HTTP. Each change of a record reads it, so nothing that changes often is here.
CREATE TABLE IF NOT EXISTS webhooks (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    url VARCHAR(2048) NOT NULL,
    -- Of events, with commas; empty: all.
    types VARCHAR(255) NOT NULL,
    secret VARBINARY(64) NOT NULL,
    -- The one before, with which is signed, too, until then.
    old_secret VARBINARY(64) NULL,
    old_secret_until DATETIME(3) NULL,
    created_at DATETIME(3) NOT NULL,
    disabled_at DATETIME(3) NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
