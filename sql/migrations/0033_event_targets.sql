-- How it goes with those who are sent events: the broker's exchange (0), and each webhook. Whoever sends to one keeps its row
-- locked meanwhile, so that nobody else does.
CREATE TABLE IF NOT EXISTS event_targets (
    id INT UNSIGNED NOT NULL PRIMARY KEY,
    -- Rounds in which nothing could be delivered, since the last in which something was.
    failures INT UNSIGNED NOT NULL DEFAULT 0,
    retry_at DATETIME(3) NULL,
    last_error VARCHAR(500) NULL,
    delivered_at DATETIME(3) NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
