"""How long, how full and how plain the files are. Every rule is shown a file that breaks it, too."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sources import OURS, ROOT, module_name, plant, python_files, tree_of

LINES, TEST_LINES = 320, 410  # of a file: what is read in one go
FILES = 20  # of Python in one folder: more is a list, not a room
WORDS = 30  # of a sentence in a docstring: a longer one is read twice
# Each patch of a test pins how the code is cut. It has a reason in a comment, and there is no other seam.
PATCHES = 20
# Sentences that are still too long. This number only falls.
LONG_SENTENCES = 0

Rule = Callable[[Path], list[str]]


def long_files(root: Path) -> list[str]:
    lengths = {path: len(path.read_text().splitlines()) for path in python_files(root, *OURS)}
    return [
        f"{path.relative_to(root)} has {length} lines"
        for path, length in lengths.items()
        if length > (TEST_LINES if path.relative_to(root).parts[0] == "tests" else LINES)
    ]


def full_folders(root: Path) -> list[str]:
    folders = [path.parent for path in python_files(root, *OURS)]
    counts = {folder: folders.count(folder) for folder in dict.fromkeys(folders)}
    return [f"{folder.relative_to(root)} has {count} files" for folder, count in counts.items() if count > FILES]


def formatter_off(root: Path) -> list[str]:
    """The format is the formatter's: a line it makes ugly is a line to write otherwise."""
    marks = re.compile(r"#\s*fmt:\s*(skip|off)")
    return [
        f"{path.relative_to(root)}:{number} turns the formatter off"
        for path in python_files(root, *OURS)
        for number, text in enumerate(path.read_text().splitlines(), 1)
        if marks.search(text)
    ]


def names_taken_twice(root: Path) -> list[str]:
    """Files of one name in one room: whoever reads "the cells" has to ask which."""
    rooms: dict[tuple[str, str], list[Path]] = {}
    for path in python_files(root, "core", "pages/ui", "benchmarks"):
        parts = path.relative_to(root).parts
        # Modalities fulfil one contract, member by member: each folder is a room, and its files have the same names.
        depth = 3 if parts[:2] == ("core", "modalities") else 2
        room = "/".join(parts[:depth]) if parts[0] == "core" else parts[0]
        if path.name != "__init__.py":
            rooms.setdefault((room, path.name), []).append(path)
    return [
        f"{room} has {', '.join(str(one.relative_to(root)) for one in paths)}"
        for (room, _), paths in rooms.items()
        if len(paths) > 1
    ]


def constants_sharing_a_line(root: Path) -> list[str]:
    """A constant that shares its line has no room for its unit and its reason."""
    return [
        f"{path.relative_to(root)}:{node.lineno} sets {ast.unparse(node.targets[0])}"
        for path in python_files(root, "core", "pages", "app.py", "benchmarks")
        for node in tree_of(path).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple)
        if any(ast.unparse(target).isupper() for target in node.targets[0].elts)
    ]


def modules_without_a_first_line(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)} does not say what it is"
        for path in python_files(root, "core", "pages", "app.py", "benchmarks", "tests")
        if not (ast.get_docstring(tree_of(path)) or "").split("\n\n")[0].strip()
    ]


def long_sentences(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}, {name}: {length} words: {sentence[:60]}…"
        for path in python_files(root, "core", "pages", "app.py")
        for name, text in docstrings(module_name(root, path), tree_of(path))
        for sentence in sentences(text)
        if (length := len(sentence.split())) > WORDS
    ]


def docstrings(module: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The docstrings of a module, and of what is public in it."""
    yield module, ast.get_docstring(tree) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node) or ""


def sentences(text: str) -> list[str]:
    """What a reader takes in at once: up to a full stop, a question mark, an empty line, a list's or argument's end."""
    text = re.sub(r"(?m)^ *>>>(.|\n(?!\s*\n))*", "", text)  # an example
    text = re.sub(r"\n\s*(?=[-*|] |\w[\w*, ]*:\s)", "\n\n", text)  # a list, a table, an argument, a heading
    return [one for part in re.split(r"\n\s*\n", text) for one in re.split(r"(?<=[.?!])[)\"”]?\s+(?=[A-Z`(\"“])", part)]


def patches(root: Path) -> list[str]:
    """Every place where a test replaces a name of the code by its own."""
    return [
        f"{path.relative_to(root)}:{node.lineno} patches"
        for path in python_files(root, "tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr == "setattr"
    ]


# Each rule with a file that breaks it, which it has to find.
PLANTED: dict[Rule, dict[str, str]] = {
    long_files: {"core/runs/run.py": "x = 1\n" * (LINES + 1)},
    full_folders: {f"core/runs/a{number}.py": "" for number in range(FILES + 1)},
    formatter_off: {"tests/test_a.py": "x = [1,\n  2]  # fmt" + ": skip"},
    names_taken_twice: {"core/data/cells.py": "", "core/data/tables/cells.py": ""},
    constants_sharing_a_line: {"core/runs/run.py": "SECONDS, _ROWS = 2.0, 5"},
    modules_without_a_first_line: {"core/runs/run.py": "x = 1"},
    long_sentences: {"core/runs/run.py": f'def f():\n    """{"word " * WORDS}word. Next."""'},
    patches: {"tests/test_a.py": "def test(monkeypatch):\n    monkeypatch.setattr(a, 'b', 1)"},
}
ALLOWED = {patches: PATCHES, long_sentences: LONG_SENTENCES}


@pytest.mark.parametrize("rule", PLANTED, ids=lambda rule: rule.__name__)
def test_nothing_breaks_the_rule(rule):
    broken = rule(ROOT)
    assert len(broken) <= ALLOWED.get(rule, 0), "\n".join(broken)


@pytest.mark.parametrize(("rule", "files"), PLANTED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_the_rule_finds_what_breaks_it(rule, files, tmp_path):
    assert rule(plant(tmp_path, files))


def test_a_sentence_ends_at_a_stop_a_list_and_an_argument():
    text = "One two. Three (four)?\n\nFive:\n\n- six\n- seven\n\nArgs:\n    a: eight.\n    b: nine."
    assert [len(one.split()) for one in sentences(text) if one.strip()] == [2, 2, 1, 2, 2, 1, 2, 2]


def tree_named() -> list[str]:
    """The folders that ARCHITECTURE.md names in its tree, each with its full path."""
    block = (ROOT / "ARCHITECTURE.md").read_text().split("## The tree")[1].split("```")[1]
    named, stack = [], [""] * 9
    for entry in re.findall(r"(?m)^( *)([\w.]+)/ +\S", block):
        depth = len(entry[0]) // 2
        stack[depth] = entry[1]
        named.append("/".join(stack[: depth + 1]))
    return named


def folders_on_disk() -> list[str]:
    """The folders of the code; below `tests` those alone that mirror nothing."""
    names = ("core", "pages", "assets", "benchmarks", "docs", "tests", "upkeep")
    tops = [ROOT / name for name in names if (ROOT / name).exists()]
    below = [one for top in tops[:2] for one in top.rglob("*") if any(one.glob("*.py"))]
    beside = [one for top in tops[2:] for one in top.iterdir() if top.name not in {"assets", "docs"}]
    folders = [*tops, *below, *(one for one in beside if one.is_dir())]
    return [str(one.relative_to(ROOT)) for one in folders if not one.name.startswith(("__", "."))]


def test_the_architecture_names_every_folder_once_and_none_that_is_not_there():
    assert sorted(tree_named()) == sorted(folders_on_disk())


def test_the_folders_of_the_tests_mirror_those_of_the_code():
    mirrored = {ROOT / "tests" / "core": ROOT / "core", ROOT / "tests" / "pages": ROOT / "pages" / "ui"}
    lost = [
        str(folder.relative_to(ROOT))
        for tests, code in mirrored.items()
        for folder in {path.parent for path in tests.rglob("*.py")}
        if not (code / folder.relative_to(tests)).is_dir()
    ]
    assert lost == []


def test_the_architecture_is_read_in_one_go():
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) < 150
