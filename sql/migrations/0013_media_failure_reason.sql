-- Why a record is FAILED.
ALTER TABLE media ADD COLUMN IF NOT EXISTS failure_reason VARCHAR(500) NULL;
