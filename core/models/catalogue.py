"""Which architectures there are, known without importing torch: our own, torchvision's, timm's, and a user's."""

import ast
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.settings import ARCHITECTURES

INDEX = Path(__file__).with_name("architectures.json")
PACKAGES = ("torchvision", "timm")
# Of one architecture: heads, signature (0 where unknown), size in pixels, mean and standard deviation of channels.
Listed = list[Any]


@dataclass(frozen=True)
class Published:
    """What an architecture's authors feed it with.

    Attributes:
        size: edge of the images in pixels.
        mean, std: of each channel, of values in [0, 1].
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


def outside_names() -> list[str]:
    """Every architecture that is not ours: `own:<function>` first, then `torchvision:<name>` and `timm:<name>`."""
    listed = [f"{package}:{name}" for package in PACKAGES for name in _index()[package]]
    return [*(f"own:{name}" for name in own_architectures()), *listed]


def exists(name: str) -> bool:
    """Whether `name`, with its prefix, is listed; a tag after a dot, which names timm's weights, may follow."""
    package, _, architecture = name.partition(":")
    if package == "own":
        return architecture in own_architectures()
    return package in PACKAGES and _untagged(package, architecture) in _index()[package]


def published(name: str) -> Published | None:
    """What the authors of `torchvision:…` or `timm:…` feed it with; None for any other architecture."""
    package, _, architecture = name.partition(":")
    if package not in PACKAGES or not exists(name):
        return None
    _, _, size, mean, std = _index()[package][_untagged(package, architecture)]
    return Published(size, tuple(mean), tuple(std))


def closest(name: str, names: Iterable[str], count: int = 4) -> list[str]:
    """The names that read most like `name`, whatever package they are of."""
    plain: dict[str, list[str]] = {}
    for listed in names:
        plain.setdefault(listed.partition(":")[2] or listed, []).append(listed)
    matches = get_close_matches(name.partition(":")[2] or name, plain, count, 0.5)
    return [listed for match in matches for listed in plain[match]][:count]


def signatures() -> Mapping[tuple[str, ...], Mapping[int, list[str]]]:
    """Names of the head → signature of all other weights → the architectures that have both."""
    by_head: dict[tuple[str, ...], dict[int, list[str]]] = {}
    for package in PACKAGES:
        signed = ((name, about) for name, about in _index()[package].items() if about[1])
        for name, (heads, mark, *_) in signed:
            by_head.setdefault(tuple(heads), {}).setdefault(mark, []).append(f"{package}:{name}")
    return by_head


def own_architectures() -> dict[str, Path]:
    """Public function → its file, of the Python files that ASSAY_ARCHITECTURES names; they are read, not executed."""
    functions = {}
    for place in filter(None, os.environ.get(ARCHITECTURES, "").split(os.pathsep)):
        try:
            tree = ast.parse(Path(place).read_text("utf-8"))
        except (OSError, SyntaxError, ValueError):
            continue  # said at the start, by `name_architectures`
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                functions[node.name] = Path(place)
    return functions


def name_architectures(paths: Iterable[Path]) -> None:
    """Make the functions of Python files known as `own:<function>`, here and in every worker started from here.

    Only the command line calls this: naming a file is trusting it.

    Raises:
        UserError: no such file, or not Python, or without a public function.
    """
    files = [path.resolve() for path in paths]
    for path in files:
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (OSError, SyntaxError, ValueError) as error:
            raise UserError(f"{path} cannot be used as an architecture.", f"{error}.", "Name a Python file.") from error
        if not any(isinstance(node, ast.FunctionDef) and not node.name.startswith("_") for node in tree.body):
            what = "It needs a function (shape, n_classes) -> nn.Module, shape being (h, w, c)."
            raise UserError(f"{path} holds no architecture.", what, "Add one, with a name that begins with a letter.")
    os.environ[ARCHITECTURES] = os.pathsep.join(map(str, files))


def _untagged(package: str, architecture: str) -> str:
    return architecture.partition(".")[0] if package == "timm" else architecture


@cache
def _index() -> Any:
    return json.loads(INDEX.read_text("utf-8"))
