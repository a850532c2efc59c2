-- What was answered to requests with an Idempotency-Key, so that the same request is answered again and not carried out
-- again. A row without a status is a lease: its request is being carried out, over that connection.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    caller VARCHAR(200) NOT NULL,
    idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    fingerprint BINARY(32) NOT NULL,
    created_at DATETIME(3) NOT NULL,
    token BINARY(16) NOT NULL,
    server VARCHAR(255) NOT NULL,
    connection_id BIGINT UNSIGNED NOT NULL,
    status SMALLINT UNSIGNED NULL,
    location VARCHAR(2048) NULL,
    etag VARCHAR(191) NULL,
    body MEDIUMBLOB NULL,
    PRIMARY KEY (caller, idempotency_key),
    KEY idempotency_keys_created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
