-- Work that is done behind requests, by `mediad work` on any host.
CREATE TABLE IF NOT EXISTS jobs (
    id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    -- The record or upload that it is done for.
    subject CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    user_id VARCHAR(191) NOT NULL,
    -- What is to be done, and what is known of it so far; as JSON.
    payload MEDIUMTEXT NOT NULL,
    state ENUM('WAITING', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED') NOT NULL DEFAULT 'WAITING',
    -- The lower, the sooner: so that the index has the order in which they are taken.
    priority TINYINT NOT NULL DEFAULT 0,
    -- How often it was begun.
    attempts INT NOT NULL DEFAULT 0,
    due_at DATETIME(3) NOT NULL,
    -- Who does it: a lease that ends by itself unless it is renewed.
    holder BINARY(16) NULL,
    holder_process VARCHAR(100) NULL,
    held_until DATETIME(3) NULL,
    is_cancelled BOOLEAN NOT NULL DEFAULT 0,
    -- How far it is, step by step; as JSON.
    progress MEDIUMTEXT NULL,
    -- Why it has failed, or why its last attempt has.
    failure MEDIUMTEXT NULL,
    created_at DATETIME(3) NOT NULL,
    ended_at DATETIME(3) NULL,
    -- Who has something to do, and what of it is next.
    KEY jobs_queue (state, kind, user_id, priority, due_at),
    KEY jobs_subject (subject),
    KEY jobs_holder_process (holder_process),
    KEY jobs_ended_at (ended_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
