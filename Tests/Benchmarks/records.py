"""Records by the thousand: written straight into MariaDB, all with the file of one that was uploaded."""

# 2025-01-01, in seconds since 1970.
FIRST_MOMENT = 1_735_689_600


def insert(instance, record, count, user):
    """Adds records of a user who has none yet, one for each second of the past; the ids sort by creation as all do."""
    instance.sql(f"""
        SET time_zone = '+00:00';
        START TRANSACTION;
        INSERT INTO media (id, type, original_name, mime_type, size, user_id, is_public, status, created_at, updated_at,
            sha256, public_name)
        SELECT CONCAT('c', LPAD(LOWER(CONV(({FIRST_MOMENT} + seq) * 1000, 10, 36)), 9, '0'),
                LEFT(MD5(CONCAT('{user}', seq)), 15)),
            '{record["type"]}', CONCAT(seq, '.txt'), '{record["mimeType"]}', {record["size"]}, '{user}', FALSE, 'READY',
            FROM_UNIXTIME({FIRST_MOMENT} + seq), FROM_UNIXTIME({FIRST_MOMENT} + seq), UNHEX('{record["sha256"]}'),
            CONCAT(seq, '.txt')
        FROM seq_1_to_{count};
        UPDATE blobs SET reference_count = reference_count + {count} WHERE sha256 = UNHEX('{record["sha256"]}');
        INSERT INTO user_usage (user_id, bytes, files) VALUES ('{user}', {count * record["size"]}, {count});
        COMMIT;
        ANALYZE TABLE media;
    """)
