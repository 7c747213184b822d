"""The lineage in Graphviz's language; names from outside stay names."""

from core.journal.revisions import Edge, Lineage, Node
from core.output.figures import lineage_graph


def test_nodes_edges_and_a_hostile_name_are_written_as_they_are():
    nodes = (Node("revision:0", "data", 'a"]; b [label="\\x', "2026"), Node("run:r", "run", "Demo\nrun", "2026"))
    text = lineage_graph(
        Lineage(nodes, (Edge("revision:0", "run:r", "trained"), Edge("run:r", "revision:0", "decided")))
    )
    assert r'"revision:0" [label="a\"]; b [label=\"\\x", shape=cylinder]' in text
    assert '"run:r" [label="Demo run", shape=box]' in text
    assert '"revision:0" -> "run:r";' in text
    assert '"run:r" -> "revision:0" [style=dashed]' in text
    assert text.startswith("digraph {")
    assert text.endswith("}")
