-- What records are found by: the words of their names, and of what their files say. Words alone, so that only they divide them.
CREATE TABLE IF NOT EXISTS media_words (
    media_id CHAR(25) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    -- Of the file's name and the title.
    name VARCHAR(600) NOT NULL,
    -- Of the file itself.
    body MEDIUMTEXT NULL,
    FULLTEXT KEY media_words_all (name, body),
    CONSTRAINT media_words_media FOREIGN KEY (media_id) REFERENCES media (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_nopad_ci;
