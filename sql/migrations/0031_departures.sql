-- What the platform has said is gone: its files are gone through in batches, and the row stays until they are done.
CREATE TABLE IF NOT EXISTS departures (
    entity_type VARCHAR(64) NOT NULL,
    entity_id VARCHAR(191) NOT NULL,
    noted_at DATETIME(3) NOT NULL,
    PRIMARY KEY (entity_type, entity_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
