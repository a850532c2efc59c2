-- What signed links are signed with. A key's secret is derived from a secret setting, of which the row has a fingerprint.
-- The newest key that isn't retired signs; a retired one still verifies, a revoked one doesn't.
CREATE TABLE IF NOT EXISTS link_keys (
    id CHAR(8) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    secret_fingerprint BINARY(8) NOT NULL,
    created_at DATETIME(3) NOT NULL,
    retired_at DATETIME(3) NULL,
    revoked_at DATETIME(3) NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
