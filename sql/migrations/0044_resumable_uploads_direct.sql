-- A direct upload's bytes are put into a store elsewhere by its sender.
ALTER TABLE resumable_uploads MODIFY kind ENUM('whole', 'partial', 'final', 'import', 'direct') NOT NULL;
