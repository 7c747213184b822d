"""What comes next: the command that a person most likely wants after the one that just ended."""

import shlex
from collections.abc import Mapping
from typing import Any

from core.commands.circumstances import ELSEWHERE, FIXED, NO_DATA, RECORDED

# Command → the next one, filled in with the options of the command and with what it answered.
NEXT = {
    "run": "demo",
    "preview": "import {path} --name NAME",
    "import": "train {dataset}",
    "download": "import {path}",
    "hub": "import {name}",
    "attack": "train {dataset}",
    "datasets": "train latest",
    "attacks": "attack latest {attack}",
    "models": "train latest --model {model}",
    "detectors": "detect latest consensus",
    "train": "decide {run}",
    "load-model": "detect {run} consensus",
    "compare": "report {run} --out report.html",
    "load-run": "verdict {run} exclude --flagged consensus",
    "resume": "decide {run}",
    "layers": "detect {run} activation_clustering",
    "detect": "threshold {run} {detector} --rule budget --value 100",
    "threshold": "verdict {run} exclude --flagged {detector}",
    "decide": "verdict {run} exclude --decided {verdict}",
    "reclassify": "verdict {run} exclude --flagged activation_clustering",
    "verdict": "repair {run}",
    "relabel": "repair {run}",
    "bona-fide": "detect {run} consensus",
    "commit": "repair {run}",
    "revisions": "go-back {run} NUMBER",
    "go-back": "repair {run}",
    "repair": "report {run} --out report.html",
    "note": "notes {run}",
    "notes": "export {run} --to samples.csv",
    "repairs": "report {run} --out report.html",
    "repeat-repair": "repairs {parent}",
    "report": "copy-clean {run} --to clean",
    "export": "copy-clean {run} --to clean",
    "copy-clean": "import {to} --name clean",
    "push-clean": "hub {name}",
    "journal": "commit {run}",
    "runs": "report latest --out report.html",
    "verify": "report {run} --out report.html",
    "demo": "report {run} --out report.html",
    "synthesize": "runs",
}
# After a decision with such a verdict.
NEXT_OF_VERDICT = {"none": "report {run} --out report.html", "not judged": "detect {run} consensus"}
# By what is special about the data or the run that a command was about.
NEXT_WHERE = {
    NO_DATA: dict.fromkeys(("models", "attacks"), "demo"),
    ELSEWHERE: {
        **dict.fromkeys(("import", "attack"), "load-run {dataset} --recording recording"),
        **dict.fromkeys(("datasets", "models"), "load-run latest --recording recording"),
    },
    FIXED: dict.fromkeys(("verdict", "relabel", "commit", "go-back"), "copy-clean {run} --to clean"),
    RECORDED: {
        **dict.fromkeys(("verdict", "relabel", "commit", "go-back"), "copy-clean {run} --to clean"),
        **dict.fromkeys(("load-run", "resume", "bona-fide"), "verdict {run} exclude --flagged {detector}"),
        "detectors": "verdict latest exclude --flagged {detector}",
    },
}
# Where nothing is flagged, so that there is no detector to name.
NOTHING_FLAGGED = "report {run} --out report.html"


def onwards(
    name: str, options: Mapping[str, Any], answer: Any, program: str, where: Mapping[str, str] | None = None
) -> str:
    """The next command line after a command, as it is typed; "" where nothing follows.

    Args:
        name: of the command that ended.
        options: with which it was called.
        answer: what it printed.
        program: what people type to reach the commands.
        where: what is special about the data or the run, as `core.commands.circumstances` says it.

    >>> onwards("attack", {"dataset": "mine"}, {"dataset": "mine-poisoned-1f"}, "assay")
    'assay train mine-poisoned-1f'
    >>> onwards("decide", {"run": "latest"}, {"verdict": "wrong label"}, "assay")
    "assay verdict latest exclude --decided 'wrong label'"
    >>> onwards("decide", {"run": "latest"}, {"verdict": "none"}, "assay")
    'assay report latest --out report.html'
    """
    if name not in NEXT or answer == []:
        return ""
    given = answer if isinstance(answer, Mapping) else {}
    words = NEXT_OF_VERDICT.get(given.get("verdict", ""), NEXT[name])
    about = where or {}
    words = NEXT_WHERE.get(about.get("where", ""), {}).get(name, words)
    if "{detector}" in words and not {"detector"} & {*options, *given, *about}:
        words = NOTHING_FLAGGED
    for key, value in {**options, **given, **about}.items():
        words = words.replace(f"{{{key}}}", shlex.quote(str(value)))
    return "" if "{" in words else f"{program} {words}"
