"""The same seed, the same flags: two runs that share nothing but their seed, each in a process of its own."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from core import pipeline, runs
from core.attacks.plant import plant
from core.attacks.specification import AttackSpec, Specification
from core.data import store
from core.detectors import DETECTORS
from core.training.config import TrainConfig
from tests.core.conftest import tiny
from tests.sources import ROOT

ASKED = [name for name, entry in DETECTORS.items() if not {"images", "model"} & {*entry.needs}]
CODE = "import sys; from tests.core.pipeline.test_fresh_processes import digests; digests(sys.argv[1])"


def digests(folder):
    """Print what comes of a small run, from the drawn attack to the flags, as one digest for each array."""
    asked = Specification((AttackSpec("patch", 0.05, 1), AttackSpec("blended_random", 0.05, 2)))
    poisoned, truth = plant(replace(tiny(200), bona_fide=np.arange(200) % 4 == 3), asked)
    info = store.save(Path(folder), poisoned, source="test", truth=truth)
    config = TrainConfig(epochs=2, batch_size=32, precision="fp32")
    plan = (*pipeline.CORE_PLAN, *(f"detect:{name}" for name in ASKED))
    run = pipeline.work(pipeline.new_run(Path(folder), info.id, config, plan=plan, name="Tiny"))
    found = {"losses": run.array("losses")}
    for name, detection in runs.detections(run).items():
        found |= {f"{name}: flags": detection.flagged, f"{name}: suspicion": detection.suspicion}
    print(json.dumps({name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in found.items()}))


def started(folder, hashing):
    """A process that prints the digests; strings hash otherwise in each, so sets have another order."""
    environment = os.environ | {"PYTHONHASHSEED": hashing, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", CODE, folder], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )


def test_two_fresh_processes_flag_the_same_by_the_same_seed(tmp_path):
    processes = [started(str(tmp_path / hashing), hashing) for hashing in ("1", "2")]
    first, again = (json.loads(process.communicate()[0].splitlines()[-1]) for process in processes)
    assert {f"{name}: flags" for name in ASKED} < first.keys()
    assert first == again
