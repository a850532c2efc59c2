-- Who sends to one: a lease that ends by itself unless it is renewed.
ALTER TABLE event_targets
    ADD COLUMN IF NOT EXISTS holder BINARY(16) NULL,
    ADD COLUMN IF NOT EXISTS holder_process VARCHAR(100) NULL,
    ADD COLUMN IF NOT EXISTS held_until DATETIME(3) NULL;
