"""The examples in the docstrings run, and whoever calls a member of a family from Python finds one."""

import doctest
import importlib
import inspect

import pytest

from tests.sources import ROOT, module_name, python_files
from tests.test_documented import families

EXAMPLES = [module_name(ROOT, path) for path in python_files(ROOT, "core") if ">>>" in path.read_text()]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example may write files
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert found.attempted > 0
    assert found.failed == 0


def test_every_member_of_a_family_has_an_example():
    without = [
        f"{entry.module}.{entry.name}" for entry in families() if ">>>" not in (inspect.getdoc(entry.load()) or "")
    ]
    assert not without, "\n".join(without)
