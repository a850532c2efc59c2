-- How often a message has come again: one that the bridge dies of, again and again, is given up.
CREATE TABLE IF NOT EXISTS redeliveries (
    digest BINARY(32) NOT NULL PRIMARY KEY,
    deliveries INT UNSIGNED NOT NULL,
    last_at DATETIME(3) NOT NULL,
    KEY redeliveries_last_at (last_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
