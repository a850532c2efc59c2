-- A blob in a store elsewhere has a name of its own there, so that whoever removes one never removes another one with the same content.
-- And a second copy may lie in another store.
ALTER TABLE blobs
    ADD COLUMN IF NOT EXISTS token VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '' AFTER store,
    ADD COLUMN IF NOT EXISTS replica_store VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL AFTER token,
    ADD COLUMN IF NOT EXISTS replica_token VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL AFTER replica_store,
    ADD KEY IF NOT EXISTS blobs_store (store, sha256),
    ADD KEY IF NOT EXISTS blobs_replica_store (replica_store, sha256);
