-- What no two transactions may decide at once, on whichever nodes of a cluster: each of them writes the row first. Locks that
-- change nothing are known to one node only; of transactions that have written the same row, one is rolled back.
-- Rows are of many subjects each, and come by themselves.
CREATE TABLE IF NOT EXISTS turns (
    slot INT UNSIGNED NOT NULL PRIMARY KEY,
    turn BIGINT UNSIGNED NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
