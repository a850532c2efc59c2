-- The sum over all users, in one row that every upload locks: there only while a limit on the sum is set.
CREATE TABLE IF NOT EXISTS total_usage (
    id TINYINT NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL,
    files BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
