"""The README's list of commands is typed as it stands, in its order, on a part of the demo's images."""

import re
import shlex
from pathlib import Path

from PIL import Image
from typer.testing import CliRunner

from core import runs
from core.__main__ import app
from core.data.store.demo import demo
from core.pipeline.demo import whole_demo

README = Path(__file__).parents[3] / "README.md"
LINE = re.compile(r"^    python -m core (.*?)(?:\s+# .*)?$", re.MULTILINE)


def photos(folder, per_class):
    """A folder for each class of the demo's images, with so many training images each, and a quarter for testing."""
    data = demo()
    for part, inputs, labels, n in (
        ("train", data.inputs, data.labels, per_class),
        ("test", data.test_inputs, data.test_labels, per_class // 4),
    ):
        for index, name in enumerate(data.class_names):
            for row in (labels == index).nonzero()[0][:n].tolist():
                path = folder / part / re.sub(r"\W+", " ", name) / f"{row}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(inputs[row][..., 0]).save(path)


def test_the_list_of_commands_runs_as_it_stands(tmp_path, monkeypatch, make_dataset):
    photos(tmp_path / "PHOTOS", 40)
    (tmp_path / "clean_ids.txt").write_text("\n".join(map(str, range(0, 400, 8))))
    monkeypatch.chdir(tmp_path)
    lines = LINE.findall(README.read_text().split("## From the command line")[1].split("\n## ")[0])
    assert len(lines) > 15
    # The demos train twice for minutes: their journey is made on tiny data here, and all else as it stands.
    assert lines[0] == "demo"
    lines = [words for words in lines if words.split()[0] != "demo"]
    tiny = make_dataset(200, n_classes=10)
    whole_demo(tmp_path / "workspace", clean=tiny, epochs=2, follow=("activation_clustering",))
    for words in lines:
        done = CliRunner().invoke(app, shlex.split(words), prog_name="python -m core")
        assert done.exit_code == 0, f"{words}\n{done.output}"
        assert "next: python -m core " in done.stderr, words
    after, *earlier = runs.all_runs(tmp_path / "workspace")
    assert after.parent == earlier[0].id
    assert len(list((tmp_path / "clean").rglob("*.png"))) == 400 - 40 + 100
    assert {path.name for path in tmp_path.glob("*.html")} == {"before.html", "after.html"}
