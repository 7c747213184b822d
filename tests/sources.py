"""What the tests of the code's own shape read: its files, their imports, and what a function reaches."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = ("core", "pages", "app.py", "tests", "benchmarks", "assets", "upkeep")


def python_files(root: Path, *tops: str) -> Iterator[Path]:
    """Our Python files below `tops`, each a folder or a file."""
    for top in tops:
        yield from sorted((root / top).rglob("*.py")) if (root / top).is_dir() else [root / top] * (root / top).exists()


def module_name(root: Path, path: Path) -> str:
    """`core.detectors` for core/detectors/__init__.py."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def exists(root: Path, module: str) -> bool:
    """True for a module or a package of ours."""
    path = root.joinpath(*module.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def plant(root: Path, files: dict[str, str]) -> Path:
    """`root` with these files in it, each of which breaks a rule."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file, parsed once."""
    return _parsed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _parsed(path: Path, changed: int) -> ast.Module:
    return ast.parse(path.read_text())


def line(path: Path, number: int) -> str:
    """One line of a file, counted from 1; nothing where there is no such file."""
    return path.read_text().splitlines()[number - 1] if path.exists() else ""


def imports(root: Path, path: Path) -> set[str]:
    """Full names of all modules that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module_name(root, path).split(".") + [""] * (path.name == "__init__.py")
            prefix = [*package[: -node.level], *filter(None, [node.module])] if node.level else [node.module or ""]
            name = ".".join(prefix)
            found |= {f"{name}.{alias.name}" if exists(root, f"{name}.{alias.name}") else name for alias in node.names}
    return found


def ours(names: set[str]) -> set[str]:
    """Those of our own modules."""
    return {name for name in names if name.split(".")[0] in {"core", "pages", "app", "benchmarks"}}


def imported_names(tree: ast.AST) -> dict[str, str]:
    """What a file calls the modules, functions and classes of core that it imports, each with its full name."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "core"
        for alias in node.names
    }


def used_names(node: ast.AST, known: dict[str, str]) -> Iterator[tuple[ast.expr, str]]:
    """Every use of an imported name below a node, with its full name: `core.runs.jobs.poll` for `jobs.poll`."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id in known:
            yield one, known[one.id]
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in known:
            yield one, f"{known[one.value.id]}.{one.attr}"


def with_surroundings(tree: ast.AST, *around: ast.AST) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Every node below, with all that it stands in."""
    for child in ast.iter_child_nodes(tree):
        yield child, (*around, tree)
        yield from with_surroundings(child, *around, tree)


@dataclass(frozen=True)
class Calls:
    """Which functions and classes of core use which others, all by their full names.

    Attributes:
        definitions: the syntax tree of each.
        uses: the names that each uses, followed through re-exports to where they are defined.
        names: for each module, what it calls what it imports or defines.
    """

    definitions: dict[str, ast.stmt]
    uses: dict[str, set[str]]
    names: dict[str, dict[str, str]]


def calls(root: Path) -> Calls:
    """Who uses whom in core."""
    trees = {module_name(root, path): tree_of(path) for path in python_files(root, "core")}
    own = {
        module: {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)}
        for module, tree in trees.items()
    }
    names = {
        module: imported_names(tree) | {name: f"{module}.{name}" for name in own[module]}
        for module, tree in trees.items()
    }
    definitions = {f"{module}.{name}": one for module, ones in own.items() for name, one in ones.items()}
    uses = {
        name: {origin(names, used) for _, used in used_names(one, names[name.rpartition(".")[0]])}
        for name, one in definitions.items()
    }
    return Calls(definitions, uses, names)


def origin(names: dict[str, dict[str, str]], name: str) -> str:
    """`core.runs.run.update` for `core.runs.update`, which `core/runs/__init__.py` hands on."""
    module, _, short = name.rpartition(".")
    handed_on = names.get(module, {}).get(short, name)
    return name if handed_on == name else origin(names, handed_on)


def that_reach(graph: Calls, ends: set[str]) -> set[str]:
    """`ends`, and all that use one of them, at whatever distance."""
    reached: set[str] = set()
    newest = set(ends)
    while newest:
        reached |= newest
        newest = {name for name, used in graph.uses.items() if used & newest} - reached
    return reached
