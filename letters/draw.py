"""Run as a program, never imported by the service: the words or the pages of one file, in a process with limits.

`draw.py words|pages MEDIA_TYPE` reads the file from its input and writes for each page its words and, for `pages`, its
picture as JPEG, each behind its length in four bytes. Whatever a file does to its reader, it does here: this process has
20 seconds, 1.5 GB, no files, and what it knows is the one file it was given.
"""

import io
import resource
import struct
import sys

import pypdfium2
from PIL import Image, ImageOps

CPU = 20  # seconds
MEMORY = 1_500_000_000  # bytes of address space
PAGES = 60
LONG_SIDE = 1600  # pixels: an A4 page at about 137 to the inch
LARGEST = 3.0  # times the size of a small page
WORDS = 20_000  # characters of one page
QUALITY = 75
TOO_LONG = 3  # the exit code of a file with more pages


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def written(*chunks: bytes) -> None:
    for chunk in chunks:
        sys.stdout.buffer.write(struct.pack(">I", len(chunk)) + chunk)


def jpeg(image: Image.Image) -> bytes:
    """A picture without anything that cameras and programs write beside it."""
    out = io.BytesIO()
    plain = Image.new("RGB", image.size, "white")
    plain.paste(image.convert("RGBA"), mask=image.convert("RGBA").getchannel("A"))
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def of_pdf(data: bytes, pictures: bool) -> None:
    document = pypdfium2.PdfDocument(data)
    if len(document) > PAGES:
        sys.exit(TOO_LONG)
    if pictures:
        document.init_forms()  # what was typed into a form is drawn; nothing of it runs
    for page in document:
        words = page.get_textpage().get_text_range()[:WORDS].encode("utf-8", "replace")
        scale = min(LONG_SIDE / max(page.get_width(), page.get_height(), 1), LARGEST)
        written(words, jpeg(page.render(scale=scale).to_pil()) if pictures else b"")


def of_picture(data: bytes, pictures: bool) -> None:
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((LONG_SIDE, LONG_SIDE))
        written(b"", jpeg(upright) if pictures else b"")


if __name__ == "__main__":
    limit()
    given = sys.stdin.buffer.read()
    draw = of_pdf if sys.argv[2] == "application/pdf" else of_picture
    draw(given, sys.argv[1] == "pages")
