-- What was made of the file, where a link opens that alone: its name, or how a picture is to be made.
ALTER TABLE signed_links ADD COLUMN IF NOT EXISTS variant VARCHAR(100) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL;
