"""Archives and pictures that are small and ask for much."""

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path

from PIL import Image


def tar_notes(path: Path) -> Path:
    """Notes on the next member, a million bytes each, in records of six bytes."""
    notes = tar_member(b"x", b"6 a=b\n" * (2**20 // 6), b"x") * 24
    return written(path, ".tar.gz", gzip.compress(notes + tar_pictures()))


def tar_deep(path: Path) -> Path:
    """Twenty names of 30,000 folders in one another."""
    names = (b"a/" * 30_000 + b"%d/0.png" % index for index in range(20))
    long = (tar_member(b"x", name, b"L") + tar_member(b"x", png()) for name in names)
    return written(path, ".tar.gz", gzip.compress(b"".join(long) + bytes(1024)))


def tar_zeros(path: Path) -> Path:
    """2 GB of nothing between two members."""
    packer = gzip.compress(tar_member(b"a/0.png", bytes(2**26)))
    return written(path, ".tar.gz", packer * 32 + gzip.compress(tar_pictures()))


def tar_bz2(path: Path) -> Path:
    """The same in .bz2."""
    return written(path, ".tar.bz2", bz2.compress(tar_member(b"a/0.png", bytes(2**26))) * 8)


def tar_xz(path: Path) -> Path:
    """The same in .xz."""
    return written(path, ".tar.xz", lzma.compress(tar_member(b"a/0.png", bytes(2**26)), preset=1))


def zip_pictures(path: Path) -> Path:
    """Pictures of 30 million pixels, packed twice."""
    file, big = path.with_suffix(".zip"), png(5700, 5700)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for index in range(4):
            archive.writestr(f"{'ab'[index % 2]}/{index}.png", big)
    return file


def zip_overlapping(path: Path) -> Path:
    """A thousand members that are one and the same megabyte of zeros."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/0.png", bytes(2**20))
        info = archive.infolist()[0]
        for index in range(1, 1000):
            again = zipfile.ZipInfo(f"{'ab'[index % 2]}/{index}.png")
            for field in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(again, field, getattr(info, field))
            archive.filelist.append(again)
        archive._didModify = True  # type: ignore[attr-defined]
    return written(path, ".zip", stream.getvalue())


def jpeg_scans(path: Path) -> Path:
    """A JPEG of 30 million pixels that goes over them 200 times."""
    stream = io.BytesIO()
    Image.new("L", (5700, 5700), 9).save(stream, "JPEG", progressive=True, quality=10)
    raw = stream.getvalue()
    scans = [place for place in range(len(raw) - 1) if raw[place : place + 2] == b"\xff\xda"]
    last = raw[scans[-1] : -2]
    return folder(path, {"z.jpg": raw[:-2] + last * (199 - len(scans)) + raw[-2:]})


def pictures(path: Path) -> Path:
    """Pictures with texts and profiles that unpack to gigabytes, and one with a directory that names itself."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    good, packed = png(), zlib.compress(bytes(60 * 2**20), 1)
    text = good[:33] + chunk(b"zTXt", b"k\0\0" + packed) * 40 + good[33:]
    profile = good[:33] + chunk(b"iCCP", b"k\0\0" + packed) + good[33:]
    entries = struct.pack("<HHII", 0x8769, 4, 1, 8) * 65_535
    tiff = b"II*\0" + struct.pack("<IH", 8, 65_535) + entries + struct.pack("<I", 8)
    return folder(path, {"t.png": text, "i.png": profile, "s.tif": tiff, "b.png": png(30_000, 1100)})


def animation(path: Path) -> Path:
    """A GIF of many frames of 25 million pixels."""
    stream = io.BytesIO()
    frames = [Image.new("P", (5000, 5000), index) for index in range(1, 3)]
    Image.new("P", (5000, 5000)).save(stream, "GIF", save_all=True, append_images=frames)
    return folder(path, {"z.gif": stream.getvalue()})


def png(width: int = 8, height: int = 8, grey: int = 0) -> bytes:
    """A picture of one grey."""
    stream = io.BytesIO()
    Image.new("L", (width, height), grey).save(stream, "PNG")
    return stream.getvalue()


def folder(path: Path, extra: dict[str, bytes] | None = None) -> Path:
    """A folder of two classes with two good pictures each, and more files in the first."""
    for name in "ab":
        (path / name).mkdir(parents=True)
        for index in range(2):
            (path / name / f"{index}.png").write_bytes(png(grey=40 * index))
    for name, content in (extra or {}).items():
        (path / "a" / name).write_bytes(content)
    return path


def tar_member(name: bytes, content: bytes, kind: bytes = b"0") -> bytes:
    """One member of a .tar file, padded."""
    head = bytearray(512)
    head[: len(name)], head[100:108], head[124:136] = name, b"0000644\0", b"%011o\0" % len(content)
    head[156:157], head[257:265], head[148:156] = kind, b"ustar\x0000", b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + content + bytes(-len(content) % 512)


def tar_pictures() -> bytes:
    """Two classes of two pictures each, and the end of the archive."""
    names = [f"{name}/{index}.png".encode() for name in "ab" for index in range(2)]
    return b"".join(tar_member(name, png()) for name in names) + bytes(1024)


def written(path: Path, ending: str, content: bytes) -> Path:
    """The file with this ending in its name, which holds `content`."""
    file = path.with_name(path.name + ending)
    file.write_bytes(content)
    return file


DATA = (
    *(tar_notes, tar_deep, tar_zeros, tar_bz2),
    *(tar_xz, zip_pictures, zip_overlapping, jpeg_scans),
    *(pictures, animation),
)
