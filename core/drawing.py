"""The lineage of a data set as a drawing."""

from core.palette import GREY
from core.revisions import Lineage


def lineage_graph(found: Lineage) -> str:
    """The lineage of a data set in Graphviz's language, from left to right: data, runs and revisions."""
    shapes = {"data": "cylinder", "run": "box", "revision": "note"}
    nodes = [f"{_quoted(node.key)} [label={_quoted(node.title)}, shape={shapes[node.kind]}]" for node in found.nodes]
    edges = [
        f"{_quoted(edge.source)} -> {_quoted(edge.target)}" + (" [style=dashed]" if edge.kind == "decided" else "")
        for edge in found.edges
    ]
    look = f'node [fontsize=11, fontname="sans-serif", color="{GREY}"]; edge [color="{GREY}", arrowsize=0.7]'
    return "digraph { rankdir=LR; bgcolor=transparent; " + "; ".join([look, *nodes, *edges]) + " }"


def _quoted(text: str) -> str:
    """A string of Graphviz's: what a name holds can neither end it nor be taken for markup."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
