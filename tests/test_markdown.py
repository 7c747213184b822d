"""What a page shows as Markdown holds nothing from outside that was not made plain.

Each value that reaches such a text is followed to where it comes from: through local names, through what functions of
the pages return and through the arguments that they are called with. What is called as things from outside are called,
such as `run.name`, has to pass through `plain(…)` on its way.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.sources import ROOT, plant, python_files, tree_of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Calls whose first argument Streamlit takes for Markdown, and arguments of any call that it does.
SHOWS = _words(
    "markdown caption write info warning error success title header subheader metric button checkbox toggle expander "
    "popover dialog toast text_input text_area number_input slider selectbox multiselect radio segmented_control pills "
    "form_submit_button download_button link_button file_uploader one_of one_or_any one_dataset"
)
NAMED = {"help", "tip", "text", "label", "delta"}
CHOICES = {"radio", "segmented_control", "pills", "one_of"}  # their options are Markdown, too
NUMBERS = {"len", "int", "float", "bool", "round", "sum", "max", "min", "abs", "range", "randbelow", "index"}
SAME = {"str", "sorted", "list", "iter", "next", "map", "enumerate", "zip", "dict", "islice"}
METHODS = _words(
    "capitalize replace lower upper title strip format items values keys get join partition removeprefix __getitem__"
)
COUNTED = re.compile(r"n|number|id|count|sample|row|n_\w+|\w+_id")  # by these names the pages call whole numbers
# By these names the pages call what came with the data; what is called otherwise is not looked at.
OUTSIDE = _words(
    "name names class_names title message reason why note notes warning words detail hint error path file filename "
    "reviewer address email needs state label"
)
NUMERIC = re.compile(r"[+,\d.]*[,%dfg]|%[%\w :-]+")

OURS = (ast.Constant, ast.Compare, ast.UnaryOp)
# Where the value of an expression comes from.
PARTS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.JoinedStr: ("values",),
    ast.FormattedValue: ("value",),
    ast.IfExp: ("body", "orelse"),
    ast.BoolOp: ("values",),
    ast.BinOp: ("left", "right"),
    ast.Tuple: ("elts",),
    ast.List: ("elts",),
    ast.Dict: ("values",),
    ast.Starred: ("value",),
    ast.Subscript: ("value",),
    ast.NamedExpr: ("value",),
    ast.Attribute: ("value",),
    ast.Lambda: ("body",),
    ast.GeneratorExp: ("elt",),
    ast.ListComp: ("elt",),
    ast.SetComp: ("elt",),
    ast.DictComp: ("value",),
}


@dataclass(frozen=True)
class Pages:
    """The trees of the pages, and what is defined and called where."""

    trees: dict[Path, ast.Module]

    @cached_property
    def around(self) -> dict[ast.AST, ast.AST]:
        """Every node's parent."""
        return {
            child: node
            for tree in self.trees.values()
            for node in ast.walk(tree)
            for child in ast.iter_child_nodes(node)
        }

    @cached_property
    def functions(self) -> dict[str, list[ast.FunctionDef]]:
        """Functions by their short names."""
        found: dict[str, list[ast.FunctionDef]] = {}
        for node in self.around:
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, []).append(node)
        return found

    @cached_property
    def calls(self) -> dict[str, list[ast.Call]]:
        """Calls by the short name of what is called; a function handed to `partial` is called with its arguments."""
        found: dict[str, list[ast.Call]] = {}
        for node in self.around:
            if isinstance(node, ast.Call):
                found.setdefault(called(node.func), []).append(node)
        return found


def called(node: ast.AST) -> str:
    """The short name of what is called."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def unescaped(root: Path) -> list[str]:
    """Texts with something from outside in them, one readable line each."""
    pages = Pages({path: tree_of(path) for path in python_files(root, "pages", "app.py")})
    places = {tree: path for path, tree in pages.trees.items()}
    broken = []
    for node in pages.around:
        if isinstance(node, ast.Call):
            for text in shown(node):
                for end in ends(pages, text, set()):
                    if name_of(end) not in OUTSIDE:
                        continue
                    path = places[module_of(pages, end)]
                    broken.append(f"{path.relative_to(root)}:{end.lineno} shows {ast.unparse(end)} as Markdown")
    return sorted(set(broken))


def shown(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that are Markdown."""
    name = called(call.func)
    yield from (one.value for one in call.keywords if one.arg in NAMED and one.value)
    if name in SHOWS and isinstance(call.func, ast.Attribute | ast.Name) and not _is_text_method(call):
        yield from call.args[:1]
    if name in CHOICES:
        form = [one.value for one in call.keywords if one.arg == "format_func"]
        yield from form or call.args[1:2]


def _is_text_method(call: ast.Call) -> bool:
    """`words.title()` and functions of that name that are no widgets take no text."""
    return called(call.func) == "title" and (not call.args or isinstance(call.func, ast.Name))


def module_of(pages: Pages, node: ast.AST) -> ast.Module:
    while not isinstance(node, ast.Module):
        node = pages.around[node]
    return node


def ends(pages: Pages, node: ast.AST, seen: set[ast.AST]) -> list[ast.expr]:
    """The expressions from which a value comes that are neither ours nor made plain."""
    if node in seen or isinstance(node, OURS):
        return []
    seen.add(node)
    if isinstance(node, ast.Call):
        return _of_call(pages, node, seen)
    if isinstance(node, ast.Name):
        return _of_name(pages, node, seen)
    if _is_number(node):
        return []
    parts = [part for field in PARTS.get(type(node), ()) for part in _listed(getattr(node, field))]
    found = [end for part in parts for end in ends(pages, part, seen)]
    if isinstance(node, ast.Subscript) and name_of(node) in OUTSIDE:
        return [] if called(node.value).isupper() else [node]
    whole = isinstance(node, ast.Attribute) or not parts
    return [node] if whole and (found or not parts) else found  # type: ignore[list-item]


def name_of(node: ast.AST) -> str:
    """What a value is called where it is read: `name` for `run.name` and for `run["name"]`."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return called(node)


def _is_number(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr.isupper() or COUNTED.fullmatch(node.attr) is not None
    if not isinstance(node, ast.FormattedValue):
        return False
    spec = node.format_spec.values[0] if isinstance(node.format_spec, ast.JoinedStr) else None
    return isinstance(spec, ast.Constant) and NUMERIC.fullmatch(str(spec.value)) is not None


def _listed(value: Any) -> list[ast.AST]:
    return value if isinstance(value, list) else [value]


def _of_call(pages: Pages, node: ast.Call, seen: set[ast.AST]) -> list[ast.expr]:
    name = called(node.func)
    if name == "plain" or (name in NUMBERS and isinstance(node.func, ast.Name)):
        return []
    if name in SAME and isinstance(node.func, ast.Name):
        plainly = name == "map" and called(node.args[0]) == "plain"
        return [] if plainly else [end for one in node.args for end in ends(pages, one, seen)]
    if isinstance(node.func, ast.Attribute) and name in METHODS:
        return [end for one in (node.func.value, *node.args[: name == "join"]) for end in ends(pages, one, seen)]
    own = pages.functions.get(name, [])
    if not own or any(called(one) in ("cached", "runs") for one in ast.walk(node.func)):
        return [node]
    returned = [one.value for function in own for one in ast.walk(function) if isinstance(one, ast.Return)]
    return [end for one in returned if one is not None for end in ends(pages, one, seen)]


def _of_name(pages: Pages, node: ast.Name, seen: set[ast.AST]) -> list[ast.expr]:
    if node.id.isupper() or node.id.lstrip("_").isupper() or COUNTED.fullmatch(node.id):
        return []
    scope: ast.AST = node
    while scope in pages.around:
        scope = pages.around[scope]
        if isinstance(scope, ast.Lambda) and node.id in {one.arg for one in scope.args.args}:
            return _chosen(pages, node, scope, seen)
        sources = list(_bound(scope, node.id))
        if sources:
            return [end for one in sources for end in ends(pages, one, seen)]
        if isinstance(scope, ast.FunctionDef):
            arguments = [*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs]
            if own := next((one for one in arguments if one.arg == node.id), None):
                return _of_parameter(pages, node, scope, own, seen)
        if isinstance(scope, ast.FunctionDef | ast.Module) and node.id in pages.functions:
            returned = [one for function in pages.functions[node.id] for one in ast.walk(function)]
            return [e for one in returned if isinstance(one, ast.Return) for e in ends(pages, one.value, seen)]
    return [node]


def _chosen(pages: Pages, node: ast.Name, scope: ast.Lambda, seen: set[ast.AST]) -> list[ast.expr]:
    """What a `format_func` is given: one of the options."""
    call = pages.around[pages.around[scope]]
    options = call.args[1:2] if isinstance(call, ast.Call) else []
    return [end for one in options for end in ends(pages, one, seen)] if options else [node]


def _bound(scope: ast.AST, name: str) -> Iterator[ast.AST]:
    """What a name stands for in a scope: what is assigned to it, or what it runs over."""
    comprehensions = ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp
    if isinstance(scope, comprehensions):
        pairs = [(one.target, one.iter) for one in scope.generators]
    elif isinstance(scope, ast.FunctionDef | ast.Module):
        pairs = []
        for one in _own_nodes(scope):
            match one:
                case ast.Assign():
                    pairs += [(target, one.value) for target in one.targets]
                case ast.AugAssign() | ast.NamedExpr():
                    pairs.append((one.target, one.value))
                case ast.AnnAssign() if one.value:
                    pairs.append((one.target, one.value))
                case ast.For():
                    pairs.append((one.target, one.iter))
    else:
        return
    for target, value in pairs:
        yield from _matching(target, value, name)


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions in it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield from _own_nodes(child)


def _matching(target: ast.AST, value: ast.AST, name: str) -> Iterator[ast.AST]:
    target = target.value if isinstance(target, ast.Subscript) else target
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple):
        pairs = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
        for index, one in enumerate(target.elts):
            yield from _matching(one, value.elts[index] if pairs else value, name)  # type: ignore[attr-defined]


def _of_parameter(
    pages: Pages, node: ast.Name, scope: ast.FunctionDef, own: ast.arg, seen: set[ast.AST]
) -> list[ast.expr]:
    """What a function is called with, from every call of its name."""
    if own.annotation is not None and ast.unparse(own.annotation).split(" |")[0] in ("int", "float", "bool"):
        return []
    names = [one.arg for one in (*scope.args.posonlyargs, *scope.args.args)]
    found: list[ast.expr] = []
    calls = pages.calls.get(scope.name, [])
    for call in calls:
        given = [one.value for one in call.keywords if one.arg == own.arg]
        if own.arg in names:
            given += call.args[names.index(own.arg) :][:1]
        found += [end for one in given for end in ends(pages, one, seen)]
    return found if calls else [node]


def test_nothing_from_outside_is_shown_as_markdown_unless_it_is_plain() -> None:
    assert unescaped(ROOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "st.markdown(f'**{run.name}**')",
        "st.button(run.name)",
        "st.progress(0.5, text=f'{progress.message}')",
        "st.info('x', help=run.name)",
        "words = f'{run.name} is here'\nst.caption(words)",
        "def words(run): return run.name\nst.caption(words(run))",
        "def say(words): st.caption(words)\nsay(run.name)",
        "st.pills('Class', order, format_func=lambda index: info.class_names[index])",
        "st.caption(', '.join(one.reason for one in found))",
        "st.caption(row['reviewer'])",
    ],
)
def test_the_rule_finds_what_was_not_made_plain(text: str, tmp_path: Path) -> None:
    assert len(unescaped(plant(tmp_path, {"pages/data.py": text}))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "st.markdown(f'**{plain(run.name)}**, {info.n:,} samples')",
        "st.caption(', '.join(map(frame.plain, names)))",
        "names = [plain(name) for name in info.class_names]\nst.caption(f'{names[3]}')",
        "st.selectbox('Run', list(all_runs), format_func=lambda one: all_runs[one].name)",
        "st.caption(f'{DETECTORS[key].title}')",
    ],
)
def test_the_rule_lets_what_is_plain_pass(text: str, tmp_path: Path) -> None:
    assert unescaped(plant(tmp_path, {"pages/data.py": text})) == []
