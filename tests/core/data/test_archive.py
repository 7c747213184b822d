"""Archives of images: the same layout as folders, and everything that is done to archives to do harm."""

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import open_source
from core.data.collection import Collection
from core.data.decoding import decoded
from core.data.folders import archive as archives
from core.data.folders.zip_files import zip_files
from core.errors import UserError
from tests.core.opened import kinds, refusal, told
from tests.core.pictures import plain

FILES = {"train/rose/b.png": 2, "train/aster/a.png": 1, "test/rose/c.png": 3}
UNSAFE = ["../evil.png", "/etc/evil.png", "C:\\evil\\x.png", "..\\..\\evil.png", "a/../../../evil.png", "~/evil.png"]
PACKERS = {".tar": bytes, ".tar.gz": gzip.compress, ".tgz": gzip.compress, ".tar.bz2": bz2.compress}
PACKERS |= {".tar.xz": lzma.compress}


def contents(files):
    return {name: plain(content) if isinstance(content, int) else content for name, content in files.items()}


def zipped(files, path, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents(files).items():
            archive.writestr(name, content)
    return path


def tarred(files, extra=(), form=tarfile.PAX_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, content in contents(files).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return buffer.getvalue()


def check(path):
    found = open_source(path)
    assert found.class_names == ("aster", "rose")
    assert sorted(told(found)["train"]) == [("train/aster/a.png", "aster", 1), ("train/rose/b.png", "rose", 2)]
    assert told(found)["test"] == [("test/rose/c.png", "rose", 3)]
    assert (found.name, found.problems) == ("flowers", ())
    found.close()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_file(tmp_path, compression):
    check(zipped(FILES, tmp_path / "flowers.zip", compression))


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("ending", PACKERS)
def test_a_tar_file(tmp_path, ending, form):
    path = tmp_path / f"flowers{ending}"
    path.write_bytes(PACKERS[ending](tarred(FILES, form=form)))
    check(path)


def test_the_content_tells_the_kind_not_the_name(tmp_path):
    check(zipped(FILES, tmp_path / "flowers.tar"))
    (tmp_path / "flowers.zip").write_bytes(gzip.compress(tarred(FILES)))
    check(tmp_path / "flowers.zip")


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_and_odd_names_in_a_tar_file(tmp_path, form):
    long, odd = f"{'x' * 300}/{'y' * 300}.png", "<b>😀\n/ü.png"
    (tmp_path / "a.tar").write_bytes(tarred({long: 1, odd: 2}, form=form))
    assert sorted(told(open_source(tmp_path / "a.tar"))["train"]) == [(odd, "<b>😀\n", 2), (long, "x" * 300, 1)]


def test_one_folder_around_all_is_walked_through(tmp_path):
    files = {f"flowers-1.0/{name}": grey for name, grey in FILES.items()}
    found = open_source(zipped(files, tmp_path / "x.zip"))
    assert (found.class_names, len(found.train), len(found.test)) == (("aster", "rose"), 2, 1)


@pytest.mark.parametrize("name", UNSAFE)
def test_a_name_that_leads_elsewhere_is_listed_and_nothing_is_written(tmp_path, name):
    (tmp_path / "inner").mkdir()
    for path in (zipped(FILES | {name: 9}, tmp_path / "inner" / "f.zip"), tmp_path / "inner" / "f.tar"):
        if path.suffix == ".tar":
            path.write_bytes(tarred(FILES | {name: 9}))
        found = open_source(path)
        assert [(problem.kind, problem.what) for problem in found.problems] == [("unsafe name", name)]
        assert len(told(found)["train"]) == 2
    assert not list(tmp_path.rglob("*evil*"))


def test_backslashes_inside_an_archive_separate_folders(tmp_path):
    assert told(open_source(zipped({"a\\1.png": 1, "b\\2.png": 2}, tmp_path / "x.zip")))["train"] == [
        ("a/1.png", "a", 1),
        ("b/2.png", "b", 2),
    ]


def test_links_and_devices_in_a_tar_file_are_never_followed(tmp_path):
    (tmp_path / "secret.png").write_bytes(plain(99))
    extra = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
        info = tarfile.TarInfo(f"train/rose/{kind.decode()}.png")
        info.type, info.linkname = kind, str(tmp_path / "secret.png")
        extra.append(info)
    (tmp_path / "f.tar").write_bytes(tarred(FILES, extra))
    found = open_source(tmp_path / "f.tar")
    assert kinds(found) == {"link": 5}
    assert len(told(found)["train"]) == 2


def test_links_in_a_zip_file_are_never_followed(tmp_path):
    path = zipped(FILES, tmp_path / "f.zip")
    with zipfile.ZipFile(path, "a") as archive:
        for index, kind in enumerate((stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR)):
            info = zipfile.ZipInfo(f"train/rose/link{index}.png")
            info.create_system, info.external_attr = 3, (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    found = open_source(path)
    assert kinds(found) == {"link": 3}
    assert len(told(found)["train"]) == 2


def test_encrypted_and_oddly_packed_members(tmp_path):
    path = zipped(FILES | {"train/rose/odd.png": 5}, tmp_path / "f.zip")
    raw = bytearray(path.read_bytes())
    entries = [place for place in range(len(raw)) if raw[place : place + 4] == b"PK\x01\x02"]
    raw[entries[0] + 8] |= 1  # encrypted
    struct.pack_into("<H", raw, entries[3] + 10, zipfile.ZIP_LZMA)
    path.write_bytes(raw)
    with pytest.raises(UserError, match="There is one class"):  # one of two classes is encrypted
        open_source(path)
    raw[entries[0] + 8] &= 0xFE
    raw[entries[2] + 8] |= 1
    path.write_bytes(raw)
    found = open_source(path)
    assert kinds(found) == {"unreadable": 1, "encrypted": 1}
    assert [name for name, _, _ in told(found)["train"]] == ["train/rose/b.png", "train/aster/a.png"]


def test_of_several_members_of_one_name_the_first_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        for name, grey in [("a/1.png", 1), ("b/2.png", 2), ("./a//1.png", 78)]:
            archive.writestr(name, plain(grey))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a/1.png", plain(77))
    found = open_source(tmp_path / "f.zip")
    assert told(found)["train"] == [("a/1.png", "a", 1), ("b/2.png", "b", 2)]
    assert kinds(found) == {"duplicate name": 2}


def test_archives_inside_are_not_opened(tmp_path):
    inner = zipped(FILES, tmp_path / "inner.zip").read_bytes()
    found = open_source(zipped(FILES | {"train/rose/inner.zip": inner, "train/rose/x.png": inner}, tmp_path / "f.zip"))
    assert kinds(found) == {"no image": 1}
    assert len(found.train) == 3
    with pytest.raises(UserError, match="no image that can be read"):
        decoded(found.train.read(found.train.names.index("train/rose/x.png")))


def test_a_member_that_unpacks_to_far_more_than_a_picture(tmp_path):
    found = open_source(zipped(FILES | {"train/rose/bomb.png": bytes(30 * 2**20)}, tmp_path / "f.zip"))
    assert kinds(found) == {"too large": 1}
    assert len(found.train) == 2


def test_a_member_that_says_that_it_is_small(tmp_path):
    bomb = bytes(30 * 2**20)
    path = zipped(FILES | {"train/rose/bomb.png": bomb}, tmp_path / "f.zip")
    raw = path.read_bytes().replace(struct.pack("<I", len(bomb)), struct.pack("<I", 5000))
    path.write_bytes(raw)
    found = open_source(path)
    tracemalloc.start()
    with pytest.raises(UserError, match="checksum or length is another"):
        found.train.read(found.train.names.index("train/rose/bomb.png"))
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_many_members_that_together_unpack_to_far_too_much(tmp_path):
    pile = {f"a/{index}.bmp": bytes(2**20) for index in range(100)}
    assert "made to fill memory or disk" in refusal(zipped(pile, tmp_path / "f.zip"))


def test_members_that_lie_over_each_other(tmp_path):
    content, names = os.urandom(600), [f"{index % 2}/{index:02}.png".encode() for index in range(50)]
    sizes = (zlib.crc32(content), 600, 600, 8)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, *sizes, 0) + names[0] + content
    for n, refused in ((1, False), (50, True)):
        entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, *[0] * 4, *sizes, *[0] * 6)
        table = b"".join(entry + name for name in names[:n])
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, n, n, len(table), len(local), 0)
        (tmp_path / "f.zip").write_bytes(local + table + end)
        assert ("made to fill memory or disk" in refusal(tmp_path / "f.zip")) == refused


@pytest.mark.parametrize(
    ("pack", "megabytes"), [(gzip.compress, 90), (bz2.compress, 66), (partial(lzma.compress, preset=0), 66)]
)
def test_a_compressed_tar_that_never_ends(tmp_path, pack, megabytes):
    (tmp_path / "f.tar.gz").write_bytes(pack(tarred(FILES) + bytes(megabytes * 2**20)))
    assert "made to fill memory or disk" in refusal(tmp_path / "f.tar.gz")


def test_a_disk_that_is_full(tmp_path, monkeypatch):
    (tmp_path / "f.tgz").write_bytes(gzip.compress(tarred(FILES)))
    # A disk cannot be filled by a test, so the one question about it is answered here.
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    assert "There is no room to unpack f.tgz" in refusal(tmp_path / "f.tgz")


def test_an_xz_file_that_asks_for_gigabytes(tmp_path):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**20}]
    raw = bytearray(lzma.compress(tarred(FILES), filters=filters))
    place = (
        12  # the header of the first block; the size of the dictionary is its last byte but for padding and checksum
    )
    length = (raw[place] + 1) * 4
    properties = raw.index(b"\x21\x01", place) + 2
    raw[properties] = 38  # 2 GB
    raw[place + length - 4 : place + length] = struct.pack("<I", zlib.crc32(raw[place : place + length - 4]))
    (tmp_path / "f.tar.xz").write_bytes(raw)
    assert "cannot be unpacked" in refusal(tmp_path / "f.tar.xz")


@pytest.mark.parametrize("ending", [".zip", *PACKERS])
@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 0.8])
def test_a_truncated_archive(tmp_path, ending, fraction):
    path = tmp_path / f"f{ending}"
    files = {f"{index % 3}/{index}.png": os.urandom(700) for index in range(30)}
    raw = zipped(files, path).read_bytes() if ending == ".zip" else PACKERS[ending](tarred(files))
    path.write_bytes(raw[: int(fraction * len(raw)) // 512 * 512 + 100 * (fraction > 0)])
    said = refusal(path)
    assert "cut short" in said or "no images" in said


@pytest.mark.parametrize("name", ["notes.zip", "notes.tar", "notes.tar.gz", "notes.tar.xz"])
def test_a_text_with_the_ending_of_an_archive(tmp_path, name):
    (tmp_path / name).write_text("these are my notes, which are " + "long " * 200)
    assert "is damaged or cut short" in refusal(tmp_path / name)


def test_a_pipe_or_a_folder_with_the_ending_of_an_archive(tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    assert "pipe.zip is no file" in refusal(tmp_path / "pipe.zip")
    (tmp_path / "folder.zip").mkdir()
    assert "is an empty folder, which cannot be opened" in refusal(tmp_path / "folder.zip")


def test_a_member_without_a_name(tmp_path):
    path = zipped(FILES | {"train/rose/x.png": 4}, tmp_path / "f.zip")
    path.write_bytes(path.read_bytes().replace(b"train/rose/x.png", b"\0rain/rose/x.png"))
    found = open_source(path)
    assert [(problem.kind, problem.what) for problem in found.problems] == [("unsafe name", "")]
    assert len(told(found)["train"]) == 2


def test_sizes_and_offsets_in_a_tar_file_that_lead_nowhere(tmp_path):
    raw = tarred(FILES)
    for size in (b"\xff" * 12, b"\x80" + b"\xff" * 11, b"77777777777\0", b"-0000000001\0", b"nonsense...\0"):
        head = bytearray(raw[:512])
        head[124:136] = size
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        (tmp_path / "f.tar").write_bytes(bytes(head) + raw[512:])
        assert "is damaged or cut short" in refusal(tmp_path / "f.tar")


def test_a_file_with_holes_is_refused(tmp_path):
    info = tarfile.TarInfo("train/rose/b.png")
    info.type = b"S"
    (tmp_path / "f.tar").write_bytes(tarred(FILES, [info]))
    assert "files with holes" in refusal(tmp_path / "f.tar")


def test_damage_inside_is_noticed_when_the_image_is_read(tmp_path):
    path = zipped(FILES, tmp_path / "f.zip", zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"IDAT") + 6] ^= 0xFF
    path.write_bytes(raw)
    found = open_source(path)
    with pytest.raises(UserError, match="damaged"):
        found.train.read(0)
    assert decoded(found.train.read(1))[0, 0, 0] == 1


def test_too_many_members(tmp_path):
    path = zipped(FILES, tmp_path / "f.zip")
    with pytest.raises(UserError, match="more than 2 files"):
        zip_files(path, max_files=2)


def test_several_threads_read_at_once(tmp_path):
    files = {f"{index % 4}/{index}.png": index for index in range(200)}
    (tmp_path / "f.tar").write_bytes(tarred(files))
    for path in (zipped(files, tmp_path / "f.zip"), tmp_path / "f.tar"):
        found = open_source(path)
        with ThreadPoolExecutor(8) as pool:
            greys = list(pool.map(lambda index: int(decoded(found.train.read(index))[0, 0, 0]), range(200)))  # noqa: B023
        assert greys == [int(Path(name).stem) for name in found.train.names]


def test_nothing_is_left_open(tmp_path):
    (tmp_path / "f.tgz").write_bytes(gzip.compress(tarred(FILES)))
    (tmp_path / "bad.tar").write_bytes(tarred({"a/1.png": 1}))
    zipped(FILES, tmp_path / "f.zip")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("f.tgz", "f.zip"):
        open_source(tmp_path / name).close()
    refusal(tmp_path / "bad.tar")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


PICTURE = plain(3)
LETTERS = st.text("ab/\\.:~\0\n é😀\udcff", max_size=12)
NAME = LETTERS | st.sampled_from(["a/1.png", "b/2.png", "../x.png", "train/a/1.png", "C:\\x.png"])


def only_a_collection_or_a_refusal(path):
    try:
        found = open_source(path)
    except UserError:
        return
    assert isinstance(found, Collection)
    for part in (found.train, found.test):
        for index in range(len(part)):
            with suppress(UserError):
                assert isinstance(part.read(index), bytes)
    found.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(NAME, max_size=6))
def test_any_names_of_members(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in [*names, "p/1.png", "q/2.png"]:
            if name and name not in archive.namelist() and name.isprintable():
                archive.writestr(name, PICTURE)
    (folder / "f.zip").write_bytes(buffer.getvalue())
    only_a_collection_or_a_refusal(folder / "f.zip")
    (folder / "f.tar").write_bytes(tarred(dict.fromkeys([*names, "p/1.png", "q/2.png"], 3)))
    only_a_collection_or_a_refusal(folder / "f.tar")
    assert sorted(path.name for path in folder.iterdir()) == ["f.tar", "f.zip"]


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([".zip", ".tar", ".tar.gz", ".tar.xz"]),
    st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 255)), max_size=6),
    st.integers(0, 300),
)
def test_any_damage_to_an_archive(tmp_path_factory, ending, changes, lost):
    path = tmp_path_factory.mktemp("damage") / f"f{ending}"
    raw = bytearray(SOUND[ending])
    for place, value in changes:
        raw[place % len(raw)] = value
    path.write_bytes(raw[: len(raw) - lost])
    only_a_collection_or_a_refusal(path)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"PK\x05\x06", b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0"]),
)
def test_any_bytes_as_an_archive(tmp_path_factory, raw, start):
    path = tmp_path_factory.mktemp("bytes") / "f.zip"
    path.write_bytes(start + raw)
    only_a_collection_or_a_refusal(path)


def _sound():
    buffer = io.BytesIO()
    zipped(FILES, buffer)
    return {".zip": buffer.getvalue()} | {ending: pack(tarred(FILES)) for ending, pack in PACKERS.items()}


SOUND = _sound()
