"""A look at another Streamlit reports what it breaks, and fails nobody."""

import sys
import zipfile
from pathlib import Path

import pytest

from tests.made import bare_copy, made

TEST = "import streamlit\n\ndef test_it(): assert streamlit.OURS\n"


def made_streamlit(folder: Path, content: str) -> Path:
    """A wheel that calls itself Streamlit 99."""
    path, about = folder / "streamlit-99.0-py3-none-any.whl", "streamlit-99.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("streamlit/__init__.py", content)
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: streamlit\nVersion: 99.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("OURS = True", "Streamlit 99.0 passes the tests"),
        ("OURS = False", "Streamlit 99.0 breaks tests"),
        (None, "No look was taken: pip could not fetch"),
    ],
)
def test_make_canary_says_what_the_newest_streamlit_breaks_and_does_not_fail(tmp_path, content, said):
    clone = bare_copy(tmp_path)
    (tmp_path / "test_it.py").write_text(TEST)
    wheel = made_streamlit(tmp_path, content) if content else tmp_path / "streamlit-1.0-py3-none-any.whl"
    words = (f"PY={sys.executable}", "DEV_READY=Makefile", f"STREAMLIT={wheel}")
    assert said in made(clone, "canary", *words, f"CANARY=--noconftest {tmp_path / 'test_it.py'}")
