"""The files that are uploaded: made anew from a number whenever their bytes are needed, so that none has to be kept."""

import hashlib
import random
import struct
import zlib

from instance import VIDEO
from tools import output

TYPES = {"text": "text/plain", "film": "video/mp4", "jpeg": "image/jpeg", "png": "image/png"}
ENDINGS = {"text": "txt", "film": "mp4", "jpeg": "jpg", "png": "png"}
PHOTOS = ("jpeg", "png")
# What a photo says of its maker, and nobody but its owner may read.
SECRET = b"soak-camera-serial"


class Content:
    """A file's bytes by what they are made from, and what others than its owner get of it."""

    __slots__ = ("kind", "number", "length", "sha256", "size", "shown", "etag")

    def __init__(self, kind, number, length=0):
        self.kind, self.number, self.length = kind, number, length
        data = self.data()
        self.sha256, self.size = hashlib.sha256(data).hexdigest(), len(data)
        self.shown = hashlib.sha256(shown(data)).hexdigest() if self.is_photo else self.sha256
        # Follows from the bytes alone, so it has to be the same each time.
        self.etag = None

    @property
    def is_photo(self):
        return self.kind in PHOTOS

    @property
    def type(self):
        return TYPES[self.kind]

    def data(self):
        return MAKERS[self.kind](random.Random(self.number), self.length, self.number)


def text(source, length, _):
    return source.randbytes((length + 1) // 2).hex().encode()


def film(source, length, _):
    return VIDEO + source.randbytes(length)


# --- Photos ----------------------------------------------------------------------------------------------------------

BASES = []


def prepare():
    """Photos that all others are made of: what is made of them is the same then, and is kept once."""
    for size in ("480x320", "320x480", "640x360"):
        data = output("ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}", "-frames:v", "1", "-f", "mjpeg",
                      "-", encoding="latin-1").encode("latin-1")
        BASES.append(shown_jpeg(data))


def jpeg(_, length, number):
    base = BASES[number % len(BASES)]
    return base[:2] + segment(0xE1, b"Exif\0\0" + exif(b"%s-%d\0" % (SECRET, number))) + segment(0xFE, b"%d" % number) + base[2:]


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def exif(serial):
    """EXIF (TIFF 6.0, little endian) with a camera's serial number and no more."""
    return (b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0)
            + struct.pack("<HHHIII", 1, 0xA431, 2, len(serial), 44, 0) + serial)


def png(source, length, number):
    """A picture that no other is like, so that what is made of it isn't either."""
    width, height = 200, 150
    row = source.randbytes(3 * width)
    rows = b"".join(b"\0" + row[3 * y:] + row[:3 * y] for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"tEXt", b"Comment\0%s-%d" % (SECRET, number)) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def shown(data):
    """A photo without what tells on its maker, byte by byte as the service has to make it."""
    return shown_jpeg(data) if data.startswith(b"\xff\xd8") else shown_png(data)


def shown_jpeg(data):
    kept, position = [data[:2]], 2
    while data[position + 1] != 0xDA:
        end = position + 2 + struct.unpack_from(">H", data, position + 2)[0]
        if data[position + 1] not in (0xE1, 0xFE):
            kept.append(data[position:end])
        position = end
    return b"".join(kept) + data[position:]


def shown_png(data):
    start = data.index(b"tEXt") - 4
    return data[:start] + data[start + 12 + struct.unpack_from(">I", data, start)[0]:]


MAKERS = {"text": text, "film": film, "jpeg": jpeg, "png": png}
