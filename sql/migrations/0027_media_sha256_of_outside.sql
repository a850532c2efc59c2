-- A record that points outside has no content here.
ALTER TABLE media MODIFY COLUMN sha256 BINARY(32) NULL;
