-- What each user's files take, earlier versions and deleted records included: changed in the transactions that change those.
CREATE TABLE IF NOT EXISTS user_usage (
    user_id VARCHAR(191) NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL,
    files BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
