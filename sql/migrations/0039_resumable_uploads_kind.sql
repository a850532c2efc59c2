-- An import is an upload whose bytes the service fetches itself.
ALTER TABLE resumable_uploads MODIFY kind ENUM('whole', 'partial', 'final', 'import') NOT NULL;
