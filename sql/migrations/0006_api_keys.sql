-- Keys of the platform's services. Only a hash of the secret is kept.
CREATE TABLE IF NOT EXISTS api_keys (
    id CHAR(12) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    secret_sha256 BINARY(32) NOT NULL,
    name VARCHAR(100) NOT NULL,
    scopes VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    created_at DATETIME(3) NOT NULL,
    revoked_at DATETIME(3) NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
