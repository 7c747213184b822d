"""Data sets of the Hub by name, against a server of the same layout on this machine."""

import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet
from typer.testing import CliRunner

from core.__main__ import app
from core.data import open_source, store
from core.data.published.hub import described, fetch, folder_name, is_on_hub, listing, place_of
from core.data.published.hub_layout import kept_files
from core.errors import UserError
from tests.core.hub_server import Repo, serving


@pytest.fixture
def hub(monkeypatch):
    """A server without data sets; nobody's token is in the environment."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with serving() as served:
        yield served


def png(shade):
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def images(*labels):
    """A Parquet file of pictures, as the Hub keeps it."""
    cells = [{"bytes": png(40 * row), "path": f"{row}.png"} for row in range(len(labels))]
    sink = io.BytesIO()
    parquet.write_table(pa.table({"image": cells, "label": list(labels)}), sink)
    return sink.getvalue()


def texts(*words):
    sink = io.BytesIO()
    parquet.write_table(pa.table({"text": list(words), "label": [row % 2 for row in range(len(words))]}), sink)
    return sink.getvalue()


def got(hub, folder, text):
    """The data set of that name, fetched and opened; whoever asks closes it."""
    found = listing(place_of(text), endpoint=hub.url)
    return open_source(fetch(found, folder / folder_name(found), endpoint=hub.url))


def test_images_come_with_their_splits_and_nothing_else_is_asked_for(hub, tmp_path):
    hub.repos["ann/pets"] = Repo(
        {
            "README.md": b"# Pets",
            "pets.py": b"raise SystemExit",
            "weights.pkl": b"cposix\nsystem\n",
            "data/train-00000-of-00002.parquet": images(0, 1, 0),
            "data/train-00001-of-00002.parquet": images(1),
            "data/test-00000-of-00001.parquet": images(0, 1),
            "data/unsupervised-00000-of-00001.parquet": images(0, 0),
        }
    )
    found = listing(place_of("hf://ann/pets"), endpoint=hub.url)
    assert found.splits == ("test", "train", "unsupervised")
    assert (len(found.files), described(found)["bytes"]) == (3, found.size)
    assert found.size == sum(len(hub.repos["ann/pets"].files[file.name]) for file in found.files)
    assert len(hub.asked) == 1
    pets = got(hub, tmp_path, "hf://ann/pets")
    assert pets.train.labels.tolist() == [0, 1, 0, 1]
    assert pets.test.labels.tolist() == [0, 1]
    assert not [path for path in hub.asked if path.endswith((".py", ".pkl", ".md"))]
    before = len(hub.asked)
    got(hub, tmp_path, "hf://ann/pets")
    assert len(hub.asked) == before + 1  # the list alone: the files are there


def test_one_split_is_the_training_set(hub, tmp_path):
    files = {f"data/{split}-00000-of-00001.parquet": images(0, 1, 1) for split in ("train", "validation", "extra")}
    hub.repos["ann/pets"] = Repo(files)
    for split in ("val", "extra"):
        pets = got(hub, tmp_path, f"hf://ann/pets:{split}")
        assert (len(pets.train), len(pets.test)) == (3, 0)


def test_texts_come_as_tables_and_scripts_as_what_the_hub_made_of_them(hub, tmp_path):
    hub.repos["ann/mail"] = Repo(
        {"train.csv": b"text,label\nbuy,spam\nhello,ham\n", "test.csv": b"text,label\nx,ham\n"}
    )
    mail = got(hub, tmp_path, "hf://ann/mail")
    assert (mail.modality, mail.class_names, len(mail.train), len(mail.test)) == ("text", ("ham", "spam"), 2, 1)
    mail.close()
    made = {"default/train/0000.parquet": texts("a b", "c d"), "default/test/0000.parquet": texts("e f")}
    hub.repos["ann/old"] = Repo({"old.py": b"raise SystemExit"}, converted=made)
    old = got(hub, tmp_path, "hf://ann/old")
    assert (old.modality, len(old.train), len(old.test)) == ("text", 2, 1)
    old.close()
    hub.repos["ann/script"] = Repo({"script.py": b"raise SystemExit"})
    with pytest.raises(UserError, match="consists of a script"):
        listing(place_of("hf://ann/script"), endpoint=hub.url)


def test_a_folder_of_images_and_an_archive_keep_their_form(hub, tmp_path):
    hub.repos["ann/photos"] = Repo(
        {f"{split}/{kind}/{row}.png": png(row) for split in ("train", "test") for kind in "ab" for row in range(2)}
    )
    photos = got(hub, tmp_path, "hf://ann/photos")
    assert (photos.class_names, len(photos.train), len(photos.test)) == (("a", "b"), 4, 4)
    alone = got(hub, tmp_path, "hf://ann/photos:test")
    assert (alone.class_names, alone.train.names[0], len(alone.test)) == (("a", "b"), "a/0.png", 0)
    files = kept_files({"all.zip": 3, "LICENSE": 1})
    assert [(file.name, file.target, file.tabular) for file in files] == [("all.zip", "all.zip", False)]


def test_of_several_data_sets_one_is_named(hub, tmp_path):
    hub.repos["ann/glue"] = Repo({f"{name}/train-00000-of-00001.parquet": texts("a", name) for name in ("cola", "rte")})
    with pytest.raises(UserError, match="holds several data sets") as told:
        listing(place_of("hf://ann/glue"), endpoint=hub.url)
    assert "hf://ann/glue/cola" in told.value.hint
    assert len(got(hub, tmp_path, "hf://ann/glue/rte").train) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hf://ann/none", "There is no data set ann/none"),
        ("hf://ann/gated", "only to people who accept its terms"),
        ("hf://ann/mail:test", "has no split test"),
        ("hf://ann/empty", "nothing that can be read"),
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_fetched(hub, text, words):
    hub.repos |= {
        "ann/gated": Repo({"train.csv": b"text,label\n"}, gated="auto"),
        "ann/mail": Repo({"train.csv": b"text,label\nbuy,spam\n"}),
        "ann/empty": Repo({"README.md": b""}),
    }
    with pytest.raises(UserError, match=words):
        listing(place_of(text), endpoint=hub.url)
    assert len(hub.asked) == 1
    assert hub.tokens == {""}


def test_a_token_that_the_environment_names_is_sent_and_no_other(hub, tmp_path, monkeypatch):
    hub.repos["ann/gated"] = Repo({"train.csv": b"text,label\nbuy,spam\nhi,ham\n"}, gated="manual")
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    assert len(got(hub, tmp_path, "hf://ann/gated").train) == 2
    assert hub.tokens == {"hf_mine"}


def test_no_network_and_a_failing_hub_are_told(hub):
    hub.failing = 500
    with pytest.raises(UserError, match="did not give what was asked for") as told:
        listing(place_of("hf://ann/mail"), endpoint=hub.url)
    assert "500" in told.value.detail
    with pytest.raises(UserError, match="cannot be reached"):
        listing(place_of("hf://ann/mail"), endpoint="http://127.0.0.1:9")


def test_what_lies_there_is_not_overwritten_and_an_odd_name_leads_nowhere(hub, tmp_path):
    hub.repos["ann/mail"] = Repo({"train.csv": b"text,label\nbuy,spam\n"})
    found = listing(place_of("hf://ann/mail"), endpoint=hub.url)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with pytest.raises(UserError, match="holds something already"):
        fetch(found, tmp_path / "full", endpoint=hub.url)
    hub.repos["ann/evil"] = Repo({"train/../../../a.png": png(1), "train/a/b.png": png(1), "train/c/b.png": png(1)})
    evil = got(hub, tmp_path, "hf://ann/evil")
    assert len(evil.train) == 2
    assert not [path for path in hub.asked if path.endswith("a.png")]


def test_a_stopped_download_goes_on_where_it_was(hub, tmp_path):
    class Stopped(Exception):
        pass

    def stop(fraction, words):
        if fraction == 1.0:
            raise Stopped

    hub.repos["ann/mail"] = Repo({"train.csv": b"text,label\nbuy,spam\n", "test.csv": b"text,label\nhi,ham\n"})
    found = listing(place_of("hf://ann/mail"), endpoint=hub.url)
    with pytest.raises(Stopped):
        fetch(found, tmp_path / "mail", stop, endpoint=hub.url)
    assert not (tmp_path / "mail").exists()
    before = len(hub.asked)
    fetch(found, tmp_path / "mail", endpoint=hub.url)
    assert len(hub.asked) == before
    assert sorted(path.name for path in (tmp_path / "mail").glob("*.csv")) == ["test-00000.csv", "train-00000.csv"]


@pytest.mark.parametrize("text", ["hf://name", "hf://a/b:train[:10%]", "hf://../x", "hf://a/b/../c", "hf://a/b?x"])
def test_what_is_no_name_is_refused(text):
    assert is_on_hub(text)
    with pytest.raises(UserError, match="is no name on the Hub"):
        place_of(text)


def test_commands_ask_fetch_and_import_by_name(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    hub.repos["ann/pets"] = Repo({f"data/{split}.parquet": images(0, 1, 0, 1) for split in ("train", "test")})

    def called(*arguments):
        return CliRunner().invoke(app, [*map(str, arguments), "--workspace", str(tmp_path)])

    asked = called("hub", "hf://ann/pets:test")
    assert "1 file, " in asked.stdout
    assert "import hf://ann/pets:test" in asked.output
    assert len(hub.asked) == 1
    refused = called("preview", "hf://ann/pets")
    assert (refused.exit_code, "ann/pets is not here yet" in refused.output) == (2, True)
    assert len(hub.asked) == 1
    done = called("import", "hf://ann/pets")
    assert "Fetching hf://ann/pets: 2 files, " in done.output
    (info,) = store.describe_all(tmp_path)
    assert (info.name, info.n, info.n_test) == ("ann/pets", 4, 4)
    fetched = called("download", "hf://ann/pets:test", "--to", tmp_path / "pets")
    assert fetched.exit_code == 0
    assert len(list((tmp_path / "pets").glob("*.parquet"))) == 1
