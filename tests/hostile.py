"""A workspace in which everything that has a name has a hostile one: what a stranger's data may bring along."""

import json
import shutil
from pathlib import Path
from typing import Any

from core import runs
from core.journal import review
from core.journal.review import Verdict

KEPT = Path(__file__).parent / "workspaces" / "2026-11"
HOST = "hostile.example"
# Markdown, Streamlit's directives, HTML, a script, a link by itself, a formula, a line that starts a heading.
NASTY = (
    f'![a](http://{HOST}/a.png) [l](http://{HOST}/l) :red[x] :material/bolt: $x^2$ **b** `c` ~~d~~ <img src="http://'
    f'{HOST}/b.png" onerror="window.__ran=1"> <script>window.__ran=1</script> <a href="http://{HOST}/h">h</a> '
    f"www.{HOST} https://{HOST}/s\n\n# h\n\n- i\n\n=HYPERLINK(1)"
)
# What stands in a text as it is only where nothing was made plain.
TELLING = (
    "[a](",
    "[l](",
    ":red[",
    ":material/bolt:",
    "$x^2$",
    "**b**",
    "`c`",
    "~~d~~",
    "<img",
    "<script",
    "\n# h",
    "\n- i",
)


def hostile(workspace: Path) -> Path:
    """The kept workspace with hostile names of classes, data sets, files, runs, reviewers and reasons in it."""
    shutil.copytree(KEPT, workspace)
    for path in workspace.glob("datasets/*/dataset.json"):
        classes = [f"C{index} {NASTY}" for index in range(4)]
        _change(path, name=f"D {NASTY}", source=f"S {NASTY}", class_names=classes)
    for path in workspace.glob("datasets/*/names.json"):
        names = json.loads(path.read_text())
        path.write_text(json.dumps({split: [f"{one} {NASTY}" for one in ones] for split, ones in names.items()}))
    for path in workspace.glob("runs/*/run.json"):
        _change(path, name=f"R {NASTY}")
    for path in workspace.glob("runs/*/progress.json"):
        _change(path, message=f"M {NASTY}", title=f"T {NASTY}")
    for run in runs.all_runs(workspace):
        for who, decision in (("ann", "keep"), ("bob", "exclude")):
            verdicts = {row: Verdict(decision) for row in (1, 2, 136)}
            review.record(workspace, run.id, verdicts, reviewer=f"{who} {NASTY}", reason=NASTY)
    return workspace


def _change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
