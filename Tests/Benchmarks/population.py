"""A platform's records by the million: users, courses and lessons, names and texts, written straight into MariaDB.

What a record has follows from its number, so nobody has to look up what there is.
"""

import hashlib
import shutil
import time

from tools import Failure, note

# 2024-01-01, in milliseconds since 1970, and for how long records were made from then on.
FIRST_MOMENT = 1_704_067_200_000
DURATION = 2 * 365 * 86_400_000
# Records that are written by one statement.
PART = 1_000_000
# For each of so many records there is a user; the largest one has a tenth of all.
PER_USER = 500
# An entity has 1 to so many files, and there is one for each of so many records.
ENTITY_FILES = 50
# One record of so many has a text beside its name, of so many words.
PER_TEXT, TEXT_WORDS = 100, 200
# A word is three of them. The first words are in many names and the last ones in few.
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we".split()
# Ten records have it.
RARE_WORD = "xylotheque"
# Multiples of such numbers, modulo the prime, are spread as random ones are, and each number's unlike the others'.
PRIME = 2**31 - 1
FACTORS = {
    "user": 1_640_531_527, "type": 1_013_904_223, "status": 1_284_865_837, "public": 1_597_334_677, "size": 1_779_033_703,
    "change": 1_865_811_235, "first": 1_103_515_245, "second": 1_359_893_119, "third": 1_899_447_441, "text": 1_508_970_993,
    "files": 1_729_573_141}
# How many times as large as the smallest file the largest is: 1 KB to 5 GB.
SIZES = 4_882_812
# What refers to records or contents, and those themselves.
TABLES = ["media_words", "media_entities", "media_versions", "variants", "signed_links", "staged_files", "user_usage", "media",
          "blobs"]
# The share of the others.
NOT_DELETED = 0.9
BYTES_PER_RECORD = 1000


class Population:
    """Records 1 to `count` of an instance, the oldest first."""

    def __init__(self, instance, count):
        if count % 1000:
            raise Failure(f"{count} records: not a multiple of 1,000")
        self.instance = instance
        self.count = count
        self.users = max(count // PER_USER, 2)
        self.entities = count // ENTITY_FILES
        # Milliseconds between two records.
        self.step = DURATION // count

    # --- What there is --------------------------------------------------------------------------------------------------

    def moment(self, number):
        """When a record was made, in milliseconds since 1970."""
        return FIRST_MOMENT + number * self.step

    def id(self, number):
        digits, rest = "", self.moment(number)
        while rest:
            rest, digit = divmod(rest, 36)
            digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
        return f"c{digits:>09}{hashlib.md5(str(number).encode()).hexdigest()[:15]}"

    @staticmethod
    def is_deleted(number):
        return number * FACTORS["status"] % PRIME * (1 / PRIME) > NOT_DELETED

    def size_of_largest(self, count):
        """The size that so many records have, or more."""
        return int(1024 * SIZES ** ((1 - count / self.count) ** 2))

    @staticmethod
    def user(number):
        """0 is the largest one; of the others the first have more than the last."""
        return f"user-{number:05}"

    @staticmethod
    def entity(number):
        return ("lesson" if number % 5 else "course"), f"{number:06}"

    @staticmethod
    def word(number):
        return "".join(SYLLABLES[number // len(SYLLABLES) ** place % len(SYLLABLES)] for place in (2, 1, 0))

    # --- Writing it -----------------------------------------------------------------------------------------------------

    def fill(self):
        """Puts these records in the place of all that there are."""
        needed = self.count * BYTES_PER_RECORD
        if shutil.disk_usage(self.instance.state).free < 2 * needed:
            raise Failure(f"{self.count:,} records take {needed / 1e9:.0f} GB, and twice that while they are written")
        for table in TABLES:
            self.run(f"TRUNCATE {table}")
        self.fill_table("media", self.media, self.count)
        self.fill_table("blobs", self.blobs, self.count)
        self.fill_table("media_entities", self.media_entities, self.count)
        self.fill_table("media_words", self.media_words, self.count)
        self.timed("user_usage", """
            INSERT INTO user_usage (user_id, bytes, files)
            SELECT user_id, SUM(size), COUNT(*) FROM media IGNORE INDEX (media_user) GROUP BY user_id""")
        self.timed("statistics", f"ANALYZE TABLE {', '.join(TABLES)}")
        self.check()

    def run(self, sql):
        """Runs statements that don't ask whether each row fits the others; `check` does at the end."""
        return self.instance.sql(f"""
            SET time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 0, innodb_tmpdir = '{self.instance.state}/tmp';
            {sql};""")

    def timed(self, what, sql):
        start = time.monotonic()
        self.run(sql)
        note(f"{what}: {time.monotonic() - start:.0f} s")

    def fill_table(self, table, statement, count):
        """Writes a table in the order of its key, and makes its other indexes of all rows at once, which is far quicker."""
        indexes = self.indexes(table)
        names = ", ".join(f"DROP KEY {name}" for name in indexes)
        self.run(f"ALTER TABLE {table} {names}")
        for first in range(1, count + 1, PART):
            last = min(first + PART - 1, count)
            self.timed(f"{table}, {last:,} of {count:,}", statement(first, last))
        self.timed(f"{table}, {', '.join(indexes)}",
                   f"ALTER TABLE {table} " + ", ".join(f"ADD {text}" for text in indexes.values()))

    def indexes(self, table):
        """The definition of each index of a table but its key."""
        # On one line, as the client writes it.
        text = self.instance.sql(f"SHOW CREATE TABLE {table}")[0].encode().decode("unicode_escape")
        lines = [line.strip().rstrip(",") for line in text.splitlines()]
        return {line.split("`")[1]: line for line in lines if line.startswith(("KEY ", "UNIQUE KEY ", "FULLTEXT KEY "))}

    def media(self, first, last):
        return f"""
            INSERT INTO media (id, type, original_name, mime_type, size, user_id, entity_type, entity_id, metadata, is_public,
                status, created_at, updated_at, sha256, public_name, deleted_at, deleted_status)
            SELECT {self.id_of("seq")}, type, name,
                ELT(type, 'image/jpeg', 'video/mp4', 'audio/mpeg', 'application/pdf', 'text/plain'), {size("content")},
                CONCAT('user-', LPAD(user, 5, '0')), IF(is_linked, {entity_type()}, NULL),
                IF(is_linked, LPAD(entity, 6, '0'), NULL), IF(seq % 4, NULL, CONCAT('{{"chapter":', seq % 20, '}}')),
                {spread("public")} < 0.1, status, {self.moment_of("seq")},
                {self.moment_of("seq")} + INTERVAL IF(seq % 3, 0, FLOOR({spread("change")} * 2592000)) SECOND,
                UNHEX(SHA2(content, 256)), name, IF(status = 4, NOW(3) - INTERVAL seq % 864000 SECOND, NULL),
                IF(status = 4, 'READY', NULL)
            FROM (
                SELECT seq, {content()} AS content, type,
                    CONCAT(IF(seq % {self.count // 10} = 5, '{RARE_WORD}', {word(spread("first"))}), '-',
                        {word(spread("second"))}, '-', {word(spread("third"))}, '-', seq % 1000,
                        ELT(type, '.jpg', '.mp4', '.mp3', '.pdf', '.txt')) AS name,
                    IF(seq % 10 = 3, 0, 1 + FLOOR(POW({spread("user")}, 1.5) * {self.users - 1})) AS user,
                    1 + ({spread("status")} > 0.05) + ({spread("status")} > 0.85) + ({spread("status")} > {NOT_DELETED})
                        AS status,
                    {self.slot()} DIV {ENTITY_FILES} AS entity, {is_linked(self.slot())} AS is_linked
                FROM (
                    SELECT seq, IF(seq % {PER_TEXT} = 0, 4, 1 + ({spread("type")} > 0.45) + ({spread("type")} > 0.65)
                            + ({spread("type")} > 0.75) + ({spread("type")} > 0.95)) AS type
                    FROM seq_{first}_to_{last}
                ) AS numbers
            ) AS records"""

    def id_of(self, number):
        moment = f"{FIRST_MOMENT} + {number} * {self.step}"
        return f"CONCAT('c', LPAD(LOWER(CONV({moment}, 10, 36)), 9, '0'), LEFT(MD5({number}), 15))"

    def moment_of(self, number):
        return f"FROM_UNIXTIME(({FIRST_MOMENT} + {number} * {self.step}) / 1000)"

    def slot(self):
        """Each record's own place among all files that entities could have."""
        return f"(seq * {PRIME} % {self.count})"

    def blobs(self, first, last):
        return f"""
            INSERT INTO blobs (sha256, size, store, token, reference_count, created_at)
            SELECT UNHEX(SHA2(seq, 256)) AS hash, {size("seq")}, 'local', '', IF(seq % 10 = 9 AND seq < {self.count}, 2, 1),
                {self.moment_of("seq")}
            FROM seq_{first}_to_{last} WHERE seq = {content()} ORDER BY hash"""

    def media_entities(self, first, last):
        """Of records in the order of their places."""
        number = f"((seq - 1) * {pow(PRIME, -1, self.count)} % {self.count})"
        return f"""
            INSERT INTO media_entities (entity_type, entity_id, media_id, created_at)
            SELECT {entity_type()} AS type, LPAD(entity, 6, '0') AS entity_id, {self.id_of("number")} AS id,
                {self.moment_of("number")}
            FROM (
                SELECT IF({number}, {number}, {self.count}) AS number, (seq - 1) DIV {ENTITY_FILES} AS entity
                FROM seq_{first}_to_{last} WHERE {is_linked("(seq - 1)")}
            ) AS places
            ORDER BY type, entity_id, id"""

    def media_words(self, first, last):
        """The words of names, and the texts."""
        text = word(spread("text", f"(number * {TEXT_WORDS} + seq)"))
        return f"""
            INSERT INTO media_words (media_id, name, body)
            SELECT id, REPLACE(REPLACE(original_name, '-', ' '), '.', ' '),
                IF(number % {PER_TEXT}, NULL, (SELECT GROUP_CONCAT({text} SEPARATOR ' ') FROM seq_1_to_{TEXT_WORDS}))
            FROM (
                SELECT id, original_name, (UNIX_TIMESTAMP(created_at) * 1000 - {FIRST_MOMENT}) DIV {self.step} AS number
                FROM media WHERE id BETWEEN '{self.id(first)}' AND '{self.id(last)}'
            ) AS records"""

    # --- Whether it fits ------------------------------------------------------------------------------------------------

    def check(self):
        """All tables tell of the same records. Of what stands in two of them the sums of checksums are compared."""
        start = time.monotonic()
        facts = {
            "SELECT COUNT(*) FROM media": [str(self.count)],
            "SELECT COUNT(*), COUNT(body) FROM media_words": [f"{self.count}\t{self.count // PER_TEXT}"],
            "SELECT COUNT(*), SUM(files) FROM user_usage": [f"{self.users}\t{self.count}"],
            "SELECT SUM(bytes) FROM user_usage": self.instance.sql("SELECT SUM(size) FROM media"),
            "SELECT SUM(reference_count), SUM(CRC32(CONCAT(sha256, size)) * reference_count) FROM blobs":
                self.instance.sql("SELECT COUNT(*), SUM(CRC32(CONCAT(sha256, size))) FROM media"),
            "SELECT COUNT(*), SUM(CRC32(CONCAT(entity_type, entity_id, media_id, created_at))) FROM media_entities":
                self.instance.sql("""
                    SELECT COUNT(*), SUM(CRC32(CONCAT(entity_type, entity_id, id, created_at))) FROM media
                    WHERE entity_id IS NOT NULL"""),
            "SELECT SUM(CRC32(media_id)) FROM media_words": self.instance.sql("SELECT SUM(CRC32(id)) FROM media"),
            # As they are worked out here, for questions about them.
            f"SELECT COUNT(*) FROM media WHERE id IN ('{self.id(1)}', '{self.id(self.count)}')": ["2"],
        }
        for sql, expected in facts.items():
            if (found := self.instance.sql(sql)) != expected:
                raise Failure(f"the records don't fit each other: {sql} is {found}, and not {expected}")
        note(f"checking: {time.monotonic() - start:.0f} s")


def spread(name, number="seq"):
    """A value from 0 to 1 that follows from a number, as SQL."""
    return f"({number} * {FACTORS[name]} % {PRIME} * {1 / PRIME})"


def word(value):
    """The word that stands at the square of a value from 0 to 1."""
    count, texts = len(SYLLABLES), ", ".join(f"'{syllable}'" for syllable in SYLLABLES)
    parts = (f"ELT(1 + FLOOR({value} * {value} * {count ** place}) % {count}, {texts})" for place in (1, 2, 3))
    return f"CONCAT({', '.join(parts)})"


def entity_type():
    return "IF(entity % 5, 'lesson', 'course')"


def is_linked(slot):
    """Whether there is a file at this place of an entity: it has some of the first ones."""
    return f"{slot} % {ENTITY_FILES} <= FLOOR({spread('files', f'(1 + {slot} DIV {ENTITY_FILES})')} * {ENTITY_FILES})"


def content():
    """One of ten files is the same as the one before."""
    return "(seq - (seq % 10 = 0))"


def size(content):
    """Half of them are below 50 KB."""
    value = spread("size", content)
    return f"FLOOR(1024 * POW({SIZES}, {value} * {value}))"
