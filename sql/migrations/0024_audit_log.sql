-- Who did what, from where: every write in the transaction that did it, every refusal shortly afterwards.
CREATE TABLE IF NOT EXISTS audit_log (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at DATETIME(3) NOT NULL,
    caller VARCHAR(200) NOT NULL,
    action VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    media_id VARCHAR(100) NULL,
    address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    detail VARCHAR(500) NULL,
    before_change JSON NULL,
    after_change JSON NULL,
    KEY audit_log_media (media_id, id),
    KEY audit_log_caller (caller, id),
    KEY audit_log_at (at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
