"""Workers and commands that are killed at random times and resumed or repeated: do they end as undisturbed ones do?"""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.parts.hardware import hardware
from core import pipeline, runs
from core.analysis.rules import Rule
from core.attacks.plant import plant
from core.attacks.specification import AttackSpec, Specification
from core.data import store
from core.data.store.demo import demo
from core.journal import database, review
from core.runs import Run
from core.training.config import TrainConfig
from core.types import Dataset

ROOT = Path(__file__).parents[2]
CLUSTERING = "detect:activation_clustering"
CONSENSUS = "detect:consensus"
STAGES = ("train", "activations", CLUSTERING, CONSENSUS, "families", "evaluate", "maps:pca")
CALLED = {CLUSTERING: "detect, Activation Clustering", CONSENSUS: "detect, consensus"}
HEAD = "| act | seconds | kills | at work | same | other | nameless folders |\n|---|---:|---:|---:|---:|---:|---:|"
WAIT_SECONDS = 600.0
TRIES = 3  # of what was killed; the first has to do
OUT = "out"  # the folder in a workspace that commands write to
# Files that say how and when it went, not what came of it.
PASSING = ("progress.json", "run.json", "history.json", "checksums.json", "cancel.json", "worker.log")
TIMES = ("seconds", "created", "mtime_ns", "committed", "time")
TABLES = {  # what was decided, without when and in which batch
    "verdicts": "SELECT sample, decision, new_label, max(id) > 0 FROM verdicts GROUP BY run, sample",
    "revisions": "SELECT number, excluded, relabelled FROM revisions ORDER BY number",
    "changes": "SELECT revision, sample, new_label FROM revision_changes ORDER BY revision, sample",
}
OLD = """
CREATE TABLE batches (id INTEGER PRIMARY KEY AUTOINCREMENT, run VARCHAR(120) NOT NULL, reviewer VARCHAR(320) NOT NULL,
  reason TEXT NOT NULL, suggested_by TEXT NOT NULL, created VARCHAR(40) NOT NULL,
  undoes INTEGER REFERENCES batches(id));
CREATE TABLE verdicts (id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL REFERENCES batches(id),
  run VARCHAR(120) NOT NULL, sample INTEGER NOT NULL, decision VARCHAR(12) NOT NULL, new_label INTEGER);
INSERT INTO batches SELECT id, run, reviewer, reason, suggested_by, created, undoes FROM new.batches;
INSERT INTO verdicts SELECT id, batch, run, sample, decision, new_label FROM new.verdicts;
"""  # a journal of before there were steps


@dataclass(frozen=True)
class Act:
    """Something that is killed.

    Attributes:
        name: in words.
        template: the workspace that it begins in.
        arguments: of `python -m core`, without the workspace; "OUT/" stands for a folder in it.
    """

    name: str
    template: Path
    arguments: tuple[str, ...]


@dataclass
class Found:
    """What came of an act that was killed: the seconds it takes, and how often each ending was met."""

    act: Act
    seconds: float
    endings: Counter[str] = field(default_factory=Counter)


def chaos(
    kills: Annotated[int, typer.Option(help="Of each act.")] = 10,
    only: Annotated[list[str] | None, typer.Option(help="Some of the acts, by their first word.")] = None,
    samples: Annotated[int, typer.Option(help="Of the data.")] = 600,
    seed: Annotated[int, typer.Option(help="Of the data and of the times.")] = 0,
) -> None:
    """SIGKILL at random times; then the result, bit for bit beside that of an undisturbed run."""
    typer.echo(f"{hardware()}; seed {seed}; {samples} samples.\n")
    with TemporaryDirectory() as folder:
        found = acts(Path(folder) / "templates", _first(demo(), samples), seed)
        wanted = (one for one in found if not only or one.name.split(",")[0] in only)
        for line in chaos_lines(wanted, kills, seed):
            typer.echo(line)


def chaos_lines(acts: Iterator[Act], kills: int, seed: int) -> Iterator[str]:
    """The table, as Markdown: each act, its seconds, and how many of its kills left it as if undisturbed."""
    yield HEAD
    for act in acts:
        found = killed(act, kills, Random(f"{seed} {act.name}"))
        counts = " | ".join(str(found.endings[name]) for name in ("at work", "same", "other", "nameless"))
        yield (f"| {act.name} | {found.seconds:.1f} | {kills} | {counts} |")


def killed(act: Act, kills: int, random: Random) -> Found:
    """What comes of killing an act so many times, each in a workspace of its own, and doing it again."""
    with TemporaryDirectory() as folder:
        undisturbed = shutil.copytree(act.template, Path(folder) / "undisturbed")
        started = time.monotonic()
        if _begun(act.arguments, undisturbed).wait(WAIT_SECONDS):
            raise RuntimeError(f"{act.name} does not work: {act.arguments}")
        found, wanted = Found(act, time.monotonic() - started), outcome(undisturbed)
        for _ in range(kills):
            workspace = shutil.copytree(act.template, Path(folder) / "killed")
            process = _begun(act.arguments, workspace)
            time.sleep(random.uniform(0, found.seconds))
            found.endings["at work"] += process.poll() is None
            with suppress(ProcessLookupError):  # it has ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            _repeat(act, workspace, set(runs_in(act.template)))
            found.endings["same" if outcome(workspace) == wanted else "other"] += 1
            named = [path for path in (workspace / "runs").glob("[!.]*") if not (path / "run.json").exists()]
            found.endings["nameless"] += len(named)
            shutil.rmtree(workspace)
    return found


def outcome(workspace: Path) -> dict[str, str]:
    """Name → digest of all that an act leaves: files of runs, of data sets and of exports, and what was decided."""
    found, order = {}, sorted(runs_in(workspace))
    for path in sorted(workspace.rglob("*")):
        name = path.relative_to(workspace).as_posix()
        for index, run in enumerate(order):
            name = name.replace(run, f"run {index}")
        if path.is_file() and _lasts(path) and "/.unfinished/" not in name:
            content = path.read_text("utf-8", "replace") if path.suffix in (".json", ".html") else ""
            for index, run in enumerate(order):
                content = content.replace(run, f"run {index}")
            if path.suffix == ".json":
                content = json.dumps(_timeless(json.loads(content)))
            found[name] = hashlib.sha256(content.encode() or path.read_bytes()).hexdigest()
    for index, run in enumerate(order):
        found[f"run {index} is done with"] = str(sorted(runs.open_run(workspace, run).stages))
    return found | _decided(workspace)


def runs_in(workspace: Path) -> list[str]:
    """The ids of the runs, in the order of their making."""
    return [path.parent.name for path in sorted((workspace / "runs").glob("[!.]*/run.json"))]


def acts(folder: Path, clean: Dataset, seed: int) -> Iterator[Act]:
    """All that is killed, each with the workspace that it begins in."""
    growing = folder / "growing"
    run = _new_run(growing, clean, seed)
    for count, stage in enumerate(STAGES, 1):
        runs.update(run, plan=STAGES[:count])
        template = shutil.copytree(growing, folder / f"before-{count}")
        yield Act(CALLED.get(stage, stage.partition(":")[0]), template, ("resume", run.id))
        run = pipeline.work(run)
    pipeline.choose_rule(run, "consensus", Rule("budget", 20))
    flagged = ("--flagged", "consensus")
    yield Act("verdict", shutil.copytree(growing, folder / "undecided"), ("verdict", run.id, "exclude", *flagged))
    decided = {index: review.Verdict("exclude") for index in range(0, len(clean.ids), 9)}
    review.record(growing, run.id, decided, reviewer="chaos")
    finished = shutil.copytree(growing, folder / "finished")
    yield Act("commit", finished, ("commit", run.id))
    yield Act("repair, retrain", finished, ("repair", run.id))
    yield Act("repair, continue", finished, ("repair", run.id, "--how", "continue"))
    yield Act("report", finished, ("report", run.id, "--out", "OUT/report.html"))
    yield Act("export", finished, ("export", run.id, "--to", "OUT/samples.csv"))
    yield Act("clean copy, folder", finished, ("copy-clean", run.id, "--to", "OUT/clean"))
    yield Act("clean copy, file", finished, ("copy-clean", run.id, "--to", "OUT/len(clean.ids)pz"))
    old = shutil.copytree(finished, folder / "old")
    set_back(old)
    yield Act("migrations", old, ("journal", run.id, "--to", "OUT/journal.csv"))


def _new_run(workspace: Path, clean: Dataset, seed: int) -> Run:
    attack = AttackSpec("patch", target=0, count=max(4, len(clean.ids) // 20))
    poisoned, truth = plant(clean, Specification((attack,), seed))
    info = store.save(workspace, poisoned, source="built in", truth=truth)
    return pipeline.new_run(workspace, info.id, TrainConfig(epochs=4, seed=seed), plan=STAGES)


def _first(dataset: Dataset, n: int) -> Dataset:
    rows = np.arange(min(n, len(dataset.ids)))
    kept = {"ids": dataset.ids, "labels": dataset.labels, "bona_fide": dataset.bona_fide}
    return replace(dataset, inputs=dataset.inputs.take(rows), **{name: of[rows] for name, of in kept.items()})


def set_back(workspace: Path) -> None:
    """Make the journal one of before there were steps."""
    new = workspace / "new.db"
    with closing(sqlite3.connect(workspace / database.FILE)) as journal, closing(sqlite3.connect(new)) as copy:
        journal.backup(copy)
    for path in workspace.glob(f"{database.FILE}*"):
        path.unlink()
    with closing(sqlite3.connect(workspace / database.FILE)) as journal:
        journal.execute("ATTACH ? AS new", (str(new),))
        journal.executescript(OLD)
    new.unlink()


def _begun(arguments: tuple[str, ...], workspace: Path) -> "subprocess.Popen[bytes]":
    (workspace / OUT).mkdir(exist_ok=True)
    filled = [one.replace("OUT/", f"{workspace / OUT}/") for one in arguments]
    command = [sys.executable, "-m", "core", *filled, "--workspace", str(workspace)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _repeat(act: Act, workspace: Path, before: set[str]) -> None:
    """Do it again: a repair that was begun is resumed, all else is simply repeated."""
    for _ in range(TRIES):
        children = [run for run in runs_in(workspace) if run not in before]
        arguments = ("resume", children[0]) if children else act.arguments
        if _begun(arguments, workspace).wait(WAIT_SECONDS) == 0 or act.name in ("verdict", "commit"):
            return  # a decision that was saved before the end is refused the second time


def _lasts(path: Path) -> bool:
    return path.name not in PASSING and path.suffix not in (".lock", ".tmp") and not path.name.startswith("journal.db")


def _timeless(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _timeless(value) for key, value in content.items() if key not in TIMES}
    return [_timeless(one) for one in content] if isinstance(content, list) else content


def _decided(workspace: Path) -> dict[str, str]:
    if not (workspace / database.FILE).exists():
        return {}
    with closing(sqlite3.connect(workspace / database.FILE)) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        return {
            name: str(connection.execute(query).fetchall())
            for name, query in TABLES.items()
            if query.split(" FROM ")[1].split()[0] in known
        }
