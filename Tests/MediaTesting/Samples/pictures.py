"""Pictures of all kinds, as phones, cameras and attackers make them: pictures.py FOLDER NAME…

Each shows the same scene: red upper left, green upper right, blue lower left, white lower right; what turns it is in its metadata.
"""

import struct
import sys
import zlib
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms, TiffImagePlugin

FOLDER = Path(sys.argv[1])
COLOURS = ((220, 30, 30), (30, 180, 30), (30, 30, 220), (250, 250, 250))
# From the upright picture to the one that EXIF's orientation turns upright again.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270}
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description><dc:title><rdf:Alt><rdf:li xml:lang="x-default">A &amp; B</rdf:li>
</rdf:Alt></dc:title><dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>sky</rdf:li></rdf:Bag></dc:subject>
<exif:GPSLatitude>48,51.5N</exif:GPSLatitude></rdf:Description></rdf:RDF></x:xmpmeta>"""


def scene(width=800, height=600, mode="RGB"):
    picture = Image.new("RGB", (2, 2))
    picture.putdata(COLOURS)
    return picture.resize((width, height), Image.Resampling.NEAREST).convert(mode)


def exif(orientation=1, located=True):
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F], data[0x0110] = "Phone & Co", "Model (7)"
    data[0x010E] = "At the sea"
    details = data.get_ifd(0x8769)
    details[0x9003] = "2026:05:06 07:08:09"
    details[0x829A] = TiffImagePlugin.IFDRational(1, 60)
    if located:
        details[0xA431] = "SERIAL-12345"
        place = data.get_ifd(0x8825)
        place[1], place[2], place[3], place[4] = "N", (48.0, 51.0, 29.5), "E", (2.0, 17.0, 40.2)
    return data


def turned(orientation):
    picture = scene()
    return picture.transpose(TURNS[orientation]) if orientation in TURNS else picture


def phone(path, orientation):
    turned(orientation).save(path, quality=90, exif=exif(orientation), xmp=XMP)


def frames(count, side=64):
    return [scene(side, side).rotate(index * 360 / count) for index in range(count)]


def chunk(name, data):
    return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))


def png_bomb(path, side):
    """Says that it has so many pixels; its data would be that many bytes if they were unpacked."""
    head = chunk(b"IHDR", struct.pack("!IIBBBBB", side, side, 8, 0, 0, 0, 0))
    packer = zlib.compressobj(9)
    row = b"\0" * (side + 1)
    data = b"".join(packer.compress(row) for _ in range(min(side, 2000))) + packer.flush()
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def gif_bomb(path, count):
    """One small frame, again and again."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1000, 1000, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\x04\x01\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    path.write_bytes(head + frame * count + b";")


def svg_bomb(path):
    entities = '<!ENTITY a0 "lol">' + "".join(
        f'<!ENTITY a{index} "{f"&a{index - 1};" * 10}">' for index in range(1, 12))
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE svg [{entities}]>'
        '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><text y="50">&a11;</text></svg>')


def make(name):
    path = FOLDER / name
    stem = path.stem
    if stem.startswith("turned-"):
        phone(path, int(stem[-1]))
    elif name == "phone.heic":
        picture = scene()
        picture.info["exif"] = exif().tobytes()
        heif = pillow_heif.from_pillow(picture)
        heif.save(path, quality=80)
    elif name == "plain.jpg":
        scene().save(path, quality=90, exif=exif(located=False))
    elif name == "large.jpg":
        scene(4000, 3000).save(path, quality=90, exif=exif(6))
    elif name == "panorama.jpg":
        scene(20_000, 5000).save(path, quality=80)
    elif name == "cmyk.jpg":
        scene(mode="CMYK").save(path, quality=90)
    elif name == "grey.jpg":
        scene(mode="L").save(path)
    elif name == "motion.jpg":
        phone(path, 1)
        path.write_bytes(path.read_bytes() + b"SERIAL-12345 of the film behind the picture")
    elif name == "deep.png":
        rows = b"".join(
            b"\0" + b"".join(struct.pack("!HHH", *(value * 257 for value in COLOURS[2 * (y // 150) + x // 200]))
                             for x in range(400)) for y in range(300))
        head = struct.pack("!IIBBBBB", 400, 300, 16, 2, 0, 0, 0)
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", b"Comment\0SERIAL-12345")
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    elif name == "located.png":
        scene().save(path, exif=exif())
    elif name == "hidden.png":
        # As ImageMagick writes EXIF, which libvips doesn't read.
        scene().save(path)
        data = path.read_bytes()
        text = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n  12\nSERIAL-12345"))
        path.write_bytes(data[:33] + text + data[33:])
    elif name == "pages.tiff":
        scene().save(path, save_all=True, append_images=[scene(400, 300)], exif=exif())
    elif name == "junk.jpg":
        phone(path, 1)
        data = path.read_bytes()
        # Bytes between two segments, which readers pass over.
        end = 4 + int.from_bytes(data[4:6], "big")
        path.write_bytes(data[:end] + b"\0\0junk" + data[end:])
    elif name == "turned.png":
        turned(6).save(path, exif=exif(6))
    elif name == "located.webp":
        scene().save(path, exif=exif(), xmp=XMP, quality=90)
    elif name == "located.tiff":
        scene().save(path, exif=exif())
    elif name == "profile.jpg":
        scene().save(path, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), exif=exif())
    elif name == "clear.png":
        picture = scene(mode="RGBA")
        picture.paste((0, 0, 0, 0), (0, 0, 400, 300))
        picture.save(path)
    elif name in ("moving.gif", "moving.webp"):
        first, *rest = frames(8)
        first.save(path, save_all=True, append_images=rest, duration=100, loop=0)
    elif name == "drawing.svg":
        path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="400" height="300" '
                        'fill="#dc1e1e"/><script>alert(1)</script></svg>')
    elif name == "bomb.png":
        png_bomb(path, 60_000)
    elif name == "endless.gif":
        gif_bomb(path, 50_000)
    elif name == "entities.svg":
        svg_bomb(path)
    elif name == "cut.jpg":
        scene().save(path, quality=90)
        path.write_bytes(path.read_bytes()[:6000])
    elif name == "noise.jpg":
        path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40)
    elif name == "thin.png":
        Image.new("L", (30_000, 2)).save(path)
    elif name == "mark.png":
        Image.new("RGBA", (200, 200), (255, 0, 255, 255)).save(path)
    else:
        raise SystemExit(f"no picture {name}")


pillow_heif.register_heif_opener()
FOLDER.mkdir(parents=True, exist_ok=True)
Image.MAX_IMAGE_PIXELS = None
for word in sys.argv[2:]:
    make(word)
