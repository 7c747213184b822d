"""Who may import what, and what no file may do. Every rule is shown a file that breaks it, too.

A rule is a function from the repository root to the list of what breaks it, one readable line each.
"""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.detectors import DETECTORS
from tests.sources import (
    OURS,
    ROOT,
    calls,
    exists,
    imported_names,
    imports,
    line,
    module_name,
    origin,
    ours,
    plant,
    python_files,
    that_reach,
    tree_of,
    used_names,
    with_surroundings,
)

# Each floor may import from the floors below it and from its own. "ground" is every file that lies in core/ itself.
FLOORS = (
    {"ground"},
    {"callbacks", "modalities"},
    {"data", "detectors", "models"},
    {"runs", "training"},
    {"attacks", "decision", "journal"},
    {"analysis"},
    {"evaluation"},
    {"output", "stages"},
    {"pipeline"},
    {"api", "commands"},
    {"__main__"},
)
ABOVE_CORE = ("pages.ui", "pages", "app", "benchmarks")
SLOW_TO_IMPORT = {"torch", "umap", "sklearn", "scipy.stats"}  # each a second or more of whoever opens a page
HEAVY = {"torch", "torchvision", "sklearn", "umap", "sqlalchemy"}
NUMERIC = {"numpy", "scipy", "torch", "sklearn", "cleanlab", "threadpoolctl"}
# Folders of core/detectors that any member may use; every other folder or file there is one member's own.
SHARED_BY_DETECTORS = {"parts", "networks", "contract"}
KNOW_THE_TRUTH = {"types.py", "data", "attacks", "evaluation"}
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
UNSAFE_ARGUMENTS = {("allow_pickle", True), ("weights_only", False), ("unsafe_allow_html", True)}
# Where inputs may be of any modality; of the detectors, all but those that need images.
INPUTS_ARE_ANYTHING = (
    *(
        f"core/{name}"
        for name in ("analysis", "commands", "decision", "detectors", "journal", "pipeline", "runs", "stages")
    ),
    "core/training",
    "pages",
)
PLACE_OF_MODALITIES = ROOT / "core" / "modalities"
PARTICULAR = tuple(f"core.modalities.{path.name}" for path in PLACE_OF_MODALITIES.iterdir() if path.is_dir())
OF_IMAGES = {"Images", "ImageInputs", "images", "test_images", "data_url"}
ASKED = {
    "modality",
    "kept_dimensions",
    "dimensions",
    "media",
}  # nobody compares these with what he knows
NEED_IMAGES = {entry.module.split(".")[2] for entry in DETECTORS.values() if "images" in entry.needs}
PAGE_LINES = 120
# How core changes what is kept: functions of core/files.py that write, these two, and these methods of a path.
WRITERS = {"core.journal.database.writing", "core.runs.jobs.start"}
WRITING_METHODS = {"write_bytes", "write_text", "unlink", "rmtree", "rename", "kill", "Popen"}
UNASKED = "# no visitor asks for this"  # on a line: what the server does by itself, whoever looks

Rule = Callable[[Path], list[str]]


def tops(names: set[str]) -> set[str]:
    """`torch` for `torch.nn.functional`."""
    return {name.split(".")[0] for name in names}


def room(root: Path, module: str) -> str:
    """The folder of core that a module lies in; "ground" for a file of core itself, else the module's own name."""
    parts = module.split(".")
    if parts[0] != "core":
        return next((name for name in ABOVE_CORE if f"{module}.".startswith(f"{name}.")), parts[0])
    if len(parts) == 1 or parts[1] == "__main__":
        return parts[-1] if len(parts) > 1 else "ground"
    return parts[1] if (root / "core" / parts[1]).is_dir() else "ground"


def floor(root: Path, module: str) -> int | None:
    """The height of a module; None for one whose folder has no floor yet."""
    here = room(root, module)
    if here in ABOVE_CORE:
        return len(FLOORS) + ABOVE_CORE.index(here)
    return next((index for index, names in enumerate(FLOORS) if here in names), None)


def folders_without_a_floor(root: Path) -> list[str]:
    found = {module_name(root, path) for path in python_files(root, "core")}
    return sorted({f"core/{room(root, name)} has no place in FLOORS" for name in found if floor(root, name) is None})


def upward_imports(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)} imports {name}, which stands above it"
        for path in python_files(root, "core", "pages", "app.py", "benchmarks")
        if (own := floor(root, module_name(root, path))) is not None
        for name in sorted(ours(imports(root, path)))
        if (floor(root, name) or 0) > own
    ]


def circles_of_folders(root: Path) -> list[str]:
    """Folders, at any depth, that import each other, or a folder and a file that stands beside it."""
    arrows = {
        arrow
        for path in python_files(root, "core", "pages", "benchmarks")
        for name in ours(imports(root, path))
        if (arrow := _between(path, root.joinpath(*name.split("."))))
    }
    return sorted(
        f"{one.relative_to(root)} and {other.relative_to(root)} import each other"
        for one, other in arrows
        if one < other and (other, one) in arrows
    )


def _between(importer: Path, imported: Path) -> tuple[Path, Path] | None:
    """The two neighbours in the tree that an import connects; None within one file or towards a folder around it."""
    one, other = importer.with_suffix("").parts, imported.parts
    shared = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    longest = min(len(one), len(other))
    return None if shared == longest else (Path(*one[: shared + 1]), Path(*other[: shared + 1]))


def cycles(root: Path) -> list[str]:
    graph = {
        module_name(root, path): ours(imports(root, path)) - {module_name(root, path)}
        for path in python_files(root, "core", "pages", "app.py", "benchmarks")
    }
    changed = True
    while changed:  # take away what imports nothing that is left; what stays is on a cycle, or leads to one
        leaves = {name for name, used in graph.items() if not used & graph.keys()}
        graph = {name: used for name, used in graph.items() if name not in leaves}
        changed = bool(leaves)
    return [f"{name} imports {', '.join(sorted(used & graph.keys()))}" for name, used in graph.items()]


def screen_in_core(root: Path) -> list[str]:
    screen = {"streamlit", "pages", "app"}
    return [
        f"{path.relative_to(root)} imports {', '.join(sorted(found))}"
        for path in python_files(root, "core")
        if (found := tops(imports(root, path)) & screen)
    ]


def heavy_pages(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)} imports {', '.join(sorted(found))}"
        for path in python_files(root, "pages", "app.py")
        if (found := tops(imports(root, path)) & HEAVY)
    ]


def long_pages(root: Path) -> list[str]:
    lengths = {path: len(path.read_text().splitlines()) for path in sorted((root / "pages").glob("*.py"))}
    return [f"pages/{path.name} has {length} lines" for path, length in lengths.items() if length > PAGE_LINES]


def classes_in_pages(root: Path) -> list[str]:
    return [
        f"pages/{path.name} defines {node.name}"
        for path in sorted((root / "pages").glob("*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    ]


def detectors_that_reach_out(root: Path) -> list[str]:
    """A detector sees its evidence and the numeric libraries: no other detector, no run, no other part of core."""
    broken = []
    for path in python_files(root, "core/detectors"):
        own = path.relative_to(root / "core" / "detectors").parts[0].removesuffix(".py")
        for name in sorted(imports(root, path)):
            parts = name.split(".")
            if parts[0] != "core":
                allowed = parts[0] in NUMERIC | sys.stdlib_module_names
            elif parts[1] == "modalities":  # its contract is for all, images for those that need them
                allowed = parts[2:3] != ["image"] or own == "networks" or own in NEED_IMAGES
            elif parts[1:2] != ["detectors"]:
                allowed = room(root, name) == "ground"
            else:  # core.detectors is the family's registry, for `require`; DETECTORS would reach the other members
                allowed = own == "__init__" or len(parts) == 2 or parts[2] in SHARED_BY_DETECTORS | {own}
            if not allowed:
                broken.append(f"{path.relative_to(root)} imports {name}")
        if own != "__init__" and "DETECTORS" in path.read_text():
            broken.append(f"{path.relative_to(root)} uses DETECTORS")
    return broken


def images_outside_their_place(root: Path) -> list[str]:
    """Where inputs may be anything: what names or imports images there knows too much."""
    broken = []
    for path in python_files(root, *INPUTS_ARE_ANYTHING):
        inside = path.relative_to(root)
        detector = inside.parts[2].removesuffix(".py") if inside.parts[:2] == ("core", "detectors") else ""
        if detector in NEED_IMAGES | {"networks"}:
            continue
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        names |= {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        broken += [f"{inside} names {name}" for name in sorted(names & OF_IMAGES)]
        broken += [
            f"{inside} imports {one}"
            for one in imports(root, path)
            if any(f"{one}.".startswith(f"{particular}.") for particular in PARTICULAR)
        ]
    return broken


def modalities_that_are_told_apart(root: Path) -> list[str]:
    """Where somebody outside asks which modality it is: it would be an exception for one of them."""
    return [
        f"{path.relative_to(root)}:{node.lineno} compares {sorted(names & ASKED)[0]} with what it knows"
        for path in python_files(root, "core", "pages", "app.py")
        if not path.is_relative_to(root / "core" / "modalities")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Compare)
        if (names := {one.attr for one in (node.left, *node.comparators) if isinstance(one, ast.Attribute)}) & ASKED
        if any(isinstance(one, (ast.Constant, ast.Tuple, ast.Set)) for one in (node.left, *node.comparators))
    ]


def ground_truth_where_it_would_help(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)} mentions GroundTruth"
        for path in python_files(root, "core", "pages", "app.py")
        if path.relative_to(root).parts[:1] != ("core",) or path.relative_to(root).parts[1] not in KNOW_THE_TRUTH
        if "GroundTruth" in path.read_text()
    ]


def unsafe_calls(root: Path) -> list[str]:
    broken = []
    for path in python_files(root, *OURS):
        broken += [f"{path.relative_to(root)} imports {name}" for name in tops(imports(root, path)) & UNPICKLERS]
        broken += [
            f"{path.relative_to(root)}:{node.value.lineno} passes {node.arg}={node.value.value}"
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant)
            if (node.arg, node.value.value) in UNSAFE_ARGUMENTS
        ]
    return broken


def changes_by_anybody(root: Path) -> list[str]:
    """What changes something stands in a function that asks `may_decide` or wears `decides`, or is handed to one.

    What changes something is worked out, not listed: every function of core that reaches one that writes.
    """
    graph = calls(root)
    changing = that_reach(graph, {name for name, node in graph.definitions.items() if _writes(root, name, node)})
    broken = []
    for path in python_files(root, "pages", "app.py"):
        tree = tree_of(path)
        names = {id(node): name for node, name in used_names(tree, imported_names(tree))}
        broken += [
            f"{path.relative_to(root)}:{node.lineno} lets a viewer do {names[id(node)]}"
            for node, around in with_surroundings(tree)
            if id(node) in names and origin(graph.names, names[id(node)]) in changing
            if not any(asks(one, tree) for one in around) and UNASKED not in line(path, node.lineno)
        ]
    return broken


def _writes(root: Path, name: str, node: ast.stmt) -> bool:
    module, _, short = name.rpartition(".")
    if UNASKED in line(root.joinpath(*module.split(".")).with_suffix(".py"), node.lineno):
        return False
    methods = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    return name in WRITERS or (module == "core.files" and "write" in short) or bool(methods & WRITING_METHODS)


def asks(node: ast.AST, tree: ast.AST) -> bool:
    """Whether a function asks for the role itself, or a call is to one that does."""
    if isinstance(node, ast.FunctionDef):
        worn = (one.func if isinstance(one, ast.Call) else one for one in node.decorator_list)
        wears = {one.id for one in worn if isinstance(one, ast.Name)}
        return "decides" in wears or any(isinstance(one, ast.Name) and one.id == "may_decide" for one in ast.walk(node))
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return False
    called = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == node.func.id]
    return node.func.id == "decides" or any(asks(one, tree) for one in called)


def bare_excepts(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}:{node.lineno} catches everything"
        for path in python_files(root, *OURS)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]


# Each rule with a file that breaks it, which it has to find.
PLANTED: dict[Rule, dict[str, str]] = {
    folders_without_a_floor: {"core/novelty/a.py": ""},
    upward_imports: {"core/runs/a.py": "def late():\n    from core import pipeline", "core/pipeline/__init__.py": ""},
    circles_of_folders: {"core/runs/a.py": "import core.training.b", "core/training/b.py": "import core.runs.a"},
    cycles: {"core/runs.py": "import core.review", "core/review.py": "from .runs import a"},
    screen_in_core: {"core/runs.py": "from streamlit.testing import v1"},
    heavy_pages: {"pages/ui/widgets/scatter.py": "def late():\n    import torch.nn"},
    long_pages: {"pages/data.py": "x = 1\n" * (PAGE_LINES + 1)},
    classes_in_pages: {"pages/data.py": "def f():\n    class Late: ..."},
    detectors_that_reach_out: {"core/detectors/a.py": "from core.detectors import b", "core/detectors/b.py": ""},
    images_outside_their_place: {"core/runs/a.py": "def f(dataset):\n    return dataset.images"},
    modalities_that_are_told_apart: {"pages/ui/a.py": "def f(inputs):\n    return inputs.modality == 'text'"},
    ground_truth_where_it_would_help: {"core/journal/changes.py": "from core.types import GroundTruth"},
    unsafe_calls: {"core/runs.py": "np.load(path, allow_pickle=True)"},
    changes_by_anybody: {
        "core/runs/__init__.py": "from core.runs.rows import keep",
        "core/runs/rows.py": "from core import files\ndef keep(run): files.write_json(run, 1)",
        "core/files.py": "def write_json(path, content): ...",
        "pages/ui/report.py": "from core import runs\ndef press(): runs.keep(run)",
    },
    bare_excepts: {"core/runs.py": "try: f()\nexcept: pass"},
}


@pytest.mark.parametrize("rule", PLANTED, ids=lambda rule: rule.__name__)
def test_nothing_breaks_the_rule(rule):
    assert rule(ROOT) == []


@pytest.mark.parametrize(("rule", "files"), PLANTED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_the_rule_finds_what_breaks_it(rule, files, tmp_path):
    assert rule(plant(tmp_path, files))


@pytest.mark.parametrize(
    "text",
    [
        "import core.runs",
        "import core.detectors.other",
        "import core.modalities.image.patterns",
        "import pandas",
        "from ..runs import x",
        "from . import DETECTORS",
    ],
)
def test_a_detector_may_not_import(text, tmp_path):
    folder = tmp_path / "core" / "detectors"
    folder.mkdir(parents=True)
    (tmp_path / "core" / "runs").mkdir()
    (folder / "probe.py").write_text(f"import math\nimport torch\nfrom core.types import Evidence\n{text}")
    assert len(detectors_that_reach_out(tmp_path)) == 1


@pytest.mark.parametrize(
    "text",
    ["import joblib", "from pickle import load", "load(p, weights_only=False)", "f(unsafe_allow_html=True)"],
)
def test_a_tool_for_hostile_data_never_says(text, tmp_path):
    (tmp_path / "app.py").write_text(text)
    assert len(unsafe_calls(tmp_path)) == 1


def test_what_the_pages_import_from_core_leaves_torch_and_what_else_takes_a_second_alone():
    used = {name for path in python_files(ROOT, "pages", "app.py") for name in imports(ROOT, path)}
    modules = sorted(name for name in ours(used) if name.split(".")[0] == "core" and exists(ROOT, name))
    check = f"slow = {SLOW_TO_IMPORT} & sys.modules.keys(); assert not slow, slow"
    command = f"import sys, {', '.join(['json', *modules])}; {check}"
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{modules}\n{done.stderr}"


def test_the_settings_of_every_detector_are_read_without_torch():
    command = (
        "import sys; from core.detectors import DETECTORS; from core.registry import tunables; "
        "[tunables(entry.load()) for entry in DETECTORS.values()]; assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
