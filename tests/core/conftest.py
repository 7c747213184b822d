"""Tiny data, and one small run that went through every stage."""

import os
import shutil

import numpy as np
import pytest
import torch

from core import pipeline, runs, settings
from core.attacks.plant import plant
from core.attacks.specification import AttackSpec, Specification
from core.data import store
from core.modalities.image.inputs import ImageInputs
from core.runs import jobs
from core.training.config import TrainConfig
from core.types import Dataset
from tests.core import postgresql

# Losses and activations are compared with those of the CPU; by itself, cuDNN computes float32 with ten bits.
torch.backends.cudnn.allow_tf32 = False
torch.set_num_threads(1)  # on tiny arrays, threads that wait for each other cost more than they do


def tiny(n=120, *, n_test=40, side=16, channels=1, n_classes=4, seed=0, name="tiny"):
    """Noise with a bright quarter that tells the class; labels go round, so classes are equally large."""
    rng = np.random.default_rng(seed)
    labels, test_labels = np.arange(n) % n_classes, np.arange(n_test) % n_classes
    half = side // 2

    def draw(classes):
        images = rng.integers(0, 80, (len(classes), side, side, channels), np.uint8)
        for image, index in zip(images, classes, strict=True):
            top, left = divmod(index % 4, 2)
            image[top * half : (top + 1) * half, left * half : (left + 1) * half] += np.uint8(120)
        return images

    return Dataset(
        name=name,
        ids=np.arange(n),
        inputs=ImageInputs(draw(labels)),
        labels=labels,
        test_inputs=ImageInputs(draw(test_labels)),
        test_labels=test_labels,
        class_names=tuple(f"class {index}" for index in range(n_classes)),
        bona_fide=np.zeros(n, np.bool_),
    )


@pytest.fixture
def on_cpu(monkeypatch):
    """Networks compute on the CPU, also where there is a GPU."""
    monkeypatch.setenv(settings.DEVICE, "cpu")


@pytest.fixture(scope="session")
def make_dataset():
    """`tiny`, which makes a data set of four classes."""
    return tiny


@pytest.fixture(scope="session")
def finished_workspace(tmp_path_factory):
    """A workspace with one run on 200 poisoned images, all stages done; copy it before changing it."""
    workspace = tmp_path_factory.mktemp("finished")
    asked = Specification((AttackSpec("patch", 0.05, 1), AttackSpec("blended_random", 0.05, 2)))
    poisoned, truth = plant(tiny(200), asked)
    info = store.save(workspace, poisoned, source="test", truth=truth)
    plan = (*pipeline.CORE_PLAN, "detect:activation_clustering", "detect:badloss", "maps:pca")
    config = TrainConfig(epochs=2, batch_size=32, learning_rate=3e-3, precision="fp32")
    settings = {"badloss": {"reject_fraction": 0.1, "n_neighbors": 5}}
    pipeline.work(pipeline.new_run(workspace, info.id, config, plan=plan, detector_settings=settings, name="Tiny"))
    return workspace


@pytest.fixture
def finished(finished_workspace, tmp_path):
    """The finished run, in a workspace of this test's own."""
    workspace = shutil.copytree(finished_workspace, tmp_path / "workspace")
    return runs.open_run(workspace, runs.all_runs(workspace)[0].id)


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server of this session's own. Skipped where none is installed, which in CI is a failure."""
    programs = postgresql.binaries()
    if programs is None and os.environ.get("CI") == "true":
        pytest.fail(postgresql.ADVICE)
    if programs is None:
        pytest.skip(postgresql.ADVICE)
    found = postgresql.Server(programs)
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request, monkeypatch):
    """Both kinds of database, one after the other; in either, each workspace has rows of its own."""
    if request.param == "postgresql":
        monkeypatch.setenv(settings.DATABASE, request.getfixturevalue("server").url)
    else:
        monkeypatch.delenv(settings.DATABASE, raising=False)
    return request.param


@pytest.fixture
def asked_of_workers(monkeypatch):
    """What would be handed to workers, as (folder of the job, its command and options); none is started."""
    asked = []
    # A worker is a process that outlives its parent: what is asked of it can be seen here only.
    monkeypatch.setattr(jobs, "start", lambda directory, arguments: asked.append((directory, list(arguments))))
    return asked
