-- Which entities (courses, lessons, …) a file belongs to. The record itself names the first of them.
CREATE TABLE IF NOT EXISTS media_entities (
    entity_type VARCHAR(64) NOT NULL,
    entity_id VARCHAR(191) NOT NULL,
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (entity_type, entity_id, media_id),
    KEY media_entities_media (media_id),
    CONSTRAINT media_entities_media FOREIGN KEY (media_id) REFERENCES media (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
