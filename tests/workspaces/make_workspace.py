"""Makes a small workspace of today's format, to be kept: later code has to read what earlier code wrote.

    python -m tests.workspaces.make_workspace tests/workspaces/2026-11

It holds 160 images with two planted attacks and three runs: one that went through every stage and was reviewed by two
people, its repair, and one whose worker was killed after its first epochs. Existing folders are left as they are: a
workspace that is made anew with later code is no longer one of before.
"""

import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from core import pipeline, runs
from core.analysis import families
from core.analysis.rules import Rule
from core.attacks.specification import AttackSpec, Specification
from core.journal import database, review, revisions
from core.runs import Run, jobs
from core.training.config import TrainConfig
from tests.core.conftest import tiny

CONFIG = TrainConfig(
    epochs=3, batch_size=32, learning_rate=2e-2, precision="fp32", model_settings=(("width", 4), ("hidden", 16))
)
LONG = replace(CONFIG, epochs=12, seed=1)  # time enough to be killed in
ATTACKS = Specification((AttackSpec("patch", 0.1, 1), AttackSpec("blended_random", 0.1, 2)), seed=3)
DETECTORS = ("activation_clustering", "badloss", "density_ratio", "consensus")
SETTINGS = {"badloss": {"reject_fraction": 0.1, "n_neighbors": 5}, "consensus": {"false_discovery_rate": 0.3}}
PATIENCE_SECONDS = 60.0
LEFT_OVER = ("worker.log", "worker.lock", "worker.json", "run.lock", "journal.db-wal", "journal.db-shm")


def make(workspace: Path) -> None:
    """Write the workspace; paths in it are relative to the folder that this runs in."""
    clean = imported(workspace)
    info = pipeline.attack(workspace, clean, ATTACKS, "Tiny poisoned")
    plan = ("train", "activations", *(f"detect:{name}" for name in DETECTORS), families.STAGE, "evaluate", "maps:pca")
    first = pipeline.work(
        pipeline.new_run(workspace, info.id, CONFIG, plan=plan, detector_settings=SETTINGS, name="First")
    )
    first = pipeline.work(pipeline.plan_reclassification(first, (1,)))
    pipeline.choose_rule(first, "density_ratio", Rule("budget", 12))
    decide(first)
    pipeline.work(pipeline.new_repair(first, "retrain", revision=1))
    pipeline.decide(first, [136], "exclude", reviewer="bob", reason="after the commit")
    plan = (*pipeline.CORE_PLAN, "detect:activation_clustering")
    cut_short(pipeline.new_run(workspace, info.id, LONG, plan=plan, name="Cut short"))
    tidy(workspace)


def imported(workspace: Path) -> str:
    """The id of the clean data set, imported with sixty samples known to be clean."""
    data = tiny(160, side=12)
    parts = {"x_train": data.inputs[:][..., 0], "y_train": data.labels, "class_names": np.array(data.class_names)}
    np.savez_compressed("tiny.npz", **parts, x_test=data.test_inputs[:][..., 0], y_test=data.test_labels)
    Path("clean.txt").write_text("\n".join(map(str, range(60))))
    return pipeline.import_dataset(workspace, Path("tiny.npz"), "Tiny", Path("clean.txt")).id


def decide(run: Run) -> None:
    """What two people decided: a family, single samples, one of them contested, one taken back; committed."""
    here = (run.workspace, run.id)
    review.guarantee(run.workspace, run.dataset, [60, 61], reviewer="ann", accepted=True, reason="looked at")
    pipeline.decide_family(run, 1, "exclude", reviewer="ann")
    pipeline.decide(run, [130, 131], "exclude", reviewer="ann", reason="odd")
    pipeline.decide(run, [132], "relabel", reviewer="ann", new_label=3)
    pipeline.decide(run, [133], "mark", reviewer="ann")
    pipeline.decide(run, [131], "keep", reviewer="bob", reason="looks fine")
    pipeline.decide(run, [134, 135], "exclude", reviewer="bob")
    review.undo(*here, reviewer="bob")
    revisions.commit(run, "First pass", "The first family and what was odd", reviewer="ann")


def cut_short(run: Run) -> None:
    """Have a worker begin a run, and kill it as a power cut would once its first epochs are on disk."""
    jobs.start_run(run)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (run.path / "checkpoint" / "last.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    os.kill(jobs.poll(run.path).pid, signal.SIGKILL)
    assert 0 < len(runs.history(run)) < LONG.epochs, "It was over, or had not begun."


def tidy(workspace: Path) -> None:
    """Leave one file of the database, and no locks, which mean nothing without a process that holds them."""
    database.engine(workspace).dispose()
    with sqlite3.connect(workspace / database.FILE) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for path in workspace.rglob("*"):
        if path.name in LEFT_OVER or path.suffix == ".tmp":
            path.unlink()


if __name__ == "__main__":
    target = Path(sys.argv[1]).resolve()
    if target.exists():
        sys.exit(f"{target} is there already, and stays as it is.")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make(Path("made"))
        shutil.copytree("made", target)
