-- What a deleted record was before, and becomes again when it is restored.
ALTER TABLE media ADD COLUMN IF NOT EXISTS deleted_status ENUM('PROCESSING', 'READY', 'FAILED') NULL;
