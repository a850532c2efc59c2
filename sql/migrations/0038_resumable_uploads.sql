-- Files that arrive piece by piece. The bytes lie in the store under the upload's id.
CREATE TABLE IF NOT EXISTS resumable_uploads (
    id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    -- Who may go on with it, as the audit log names them.
    caller VARCHAR(255) NOT NULL,
    user_id VARCHAR(191) NOT NULL,
    kind ENUM('whole', 'partial', 'final') NOT NULL,
    -- What its sender has said of it: name, type, attributes; as JSON.
    description MEDIUMTEXT NOT NULL,
    -- The uploads that this one is put together from, as JSON.
    parts MEDIUMTEXT NULL,
    -- NULL: not said yet.
    length BIGINT NULL,
    -- So many bytes are durable.
    position BIGINT NOT NULL DEFAULT 0,
    -- The host's boot in which they were written: for as long as it lasts, what lies behind them is whole, too.
    boot BINARY(16) NULL,
    created_at DATETIME(3) NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    -- Who is at it: a lease that ends by itself unless it is renewed.
    holder BINARY(16) NULL,
    holder_process VARCHAR(100) NULL,
    held_until DATETIME(3) NULL,
    -- Whether somebody else waits for it.
    is_wanted BOOLEAN NOT NULL DEFAULT 0,
    -- What became of it: the record, or why there is none.
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL,
    failure MEDIUMTEXT NULL,
    KEY resumable_uploads_user (user_id),
    KEY resumable_uploads_holder_process (holder_process),
    KEY resumable_uploads_expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
