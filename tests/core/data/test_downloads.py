"""Fetching data sets, from files on this machine in the place of their sites."""

import hashlib
import io
import tarfile
import zipfile

import pytest

from core.data.published.downloads import Download, download, sources
from core.errors import UserError


def md5(path):
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


@pytest.fixture
def site(tmp_path):
    """A folder in the place of a site, and what says where files of a data set lie there."""
    place = tmp_path / "site"
    place.mkdir()

    def offer(*files, **changes):
        site = place.as_uri()
        return [Download((f"{site}/missing/{name}", f"{site}/{name}"), md5(place / name), **changes) for name in files]

    return place, offer


def tar(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def test_archives_are_fetched_checked_and_unpacked(site, tmp_path):
    place, offer = site
    tar(place / "a.tar.gz", {"tiny/one.bin": b"1"})
    with zipfile.ZipFile(place / "b.zip", "w") as archive:
        archive.writestr("tiny/two.bin", b"2")
    files = offer("a.tar.gz", "b.zip")
    told = []
    found = download("tiny", tmp_path / "root", lambda *heard: told.append(heard), files=files)
    assert found == tmp_path / "root"
    assert (tmp_path / "root" / "tiny" / "one.bin").read_bytes() == b"1"
    assert (tmp_path / "root" / "tiny" / "two.bin").read_bytes() == b"2"
    assert told[0] == (0.0, "Fetching a.tar.gz")
    assert told[-1] == (1.0, "Unpacking b.zip")
    (place / "a.tar.gz").unlink()
    (place / "b.zip").unlink()
    download("tiny", tmp_path / "root", files=files)  # whole files are not fetched again


def test_a_plain_file_goes_into_its_folder_as_it_is(site, tmp_path):
    place, offer = site
    (place / "x.gz").write_bytes(b"not unpacked")
    files = offer("x.gz", folder="MNIST/raw", unpack=False)
    download("tiny", tmp_path / "root", files=files)
    assert (tmp_path / "root" / "MNIST" / "raw" / "x.gz").read_bytes() == b"not unpacked"


def test_another_file_than_it_should_be_is_not_kept(site, tmp_path):
    place, offer = site
    (place / "x.gz").write_bytes(b"one")
    files = offer("x.gz", unpack=False)
    (place / "x.gz").write_bytes(b"two")
    with pytest.raises(UserError, match="its checksum differs"):
        download("tiny", tmp_path / "root", files=files)
    assert list((tmp_path / "root").iterdir()) == []


def test_without_a_connection_it_says_so(site, tmp_path):
    place, offer = site
    (place / "x.gz").write_bytes(b"one")
    files = offer("x.gz", unpack=False)
    (place / "x.gz").unlink()
    with pytest.raises(UserError, match=r"x\.gz could not be fetched"):
        download("tiny", tmp_path / "root", files=files)


def test_a_cancelled_one_leaves_nothing_behind(site, tmp_path):
    place, offer = site
    (place / "x.gz").write_bytes(b"one")
    files = offer("x.gz", unpack=False)

    def listen(fraction, words):
        if fraction == 1.0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download("tiny", tmp_path / "root", listen, files=files)
    assert list((tmp_path / "root").iterdir()) == []


def test_nothing_lands_outside_the_root(site, tmp_path):
    place, offer = site
    outside = tmp_path / "outside.bin"
    tar(place / "a.tar.gz", {str(outside): b"1"})
    files = offer("a.tar.gz")
    download("tiny", tmp_path / "root", files=files)  # an absolute name is taken as a relative one
    assert not outside.exists()
    tar(place / "b.tar.gz", {"../outside.bin": b"1"})
    files = offer("b.tar.gz")
    with pytest.raises(UserError, match=r"b\.tar\.gz cannot be unpacked"):
        download("tiny", tmp_path / "root", files=files)
    assert not outside.exists()


def test_where_the_data_sets_are():
    assert sources("cifar10")[0].md5 == "c58f30108f718f92721af3b95e74349a"
    assert [one.name for one in sources("svhn")] == ["train_32x32.mat", "test_32x32.mat"]
    assert {one.folder for one in sources("fashion_mnist")} == {"FashionMNIST/raw"}
    assert len(sources("mnist")) == 4
    assert all(len(one.md5) == 32 for name in ("gtsrb", "stl10", "imagenette", "cifar100") for one in sources(name))
    with pytest.raises(UserError, match="imagenet cannot be downloaded"):
        sources("imagenet")
