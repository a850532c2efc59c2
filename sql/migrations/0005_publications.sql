-- Records whose public link may not fit them: written in the transaction that changes a record's visibility, removed
-- once the link was made or taken away.
CREATE TABLE IF NOT EXISTS publications (
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    created_at DATETIME(3) NOT NULL,
    KEY publications_created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
