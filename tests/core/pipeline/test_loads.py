"""A run that was loaded is worked on, whether or not a page looks on, and also where the server ends meanwhile."""

import shutil
import time

import numpy as np
import pytest

from core import pipeline, runs
from core.data import store
from core.pipeline.recorded import RecordedRequest, carry_out_recorded
from core.pipeline.started import keep_request
from core.runs import jobs
from tests.core.forked import as_a_worker

WAIT_SECONDS = 240.0


@pytest.fixture
def request_(workspace, make_dataset, tmp_path):
    """For a file of losses of a stored data set."""
    info = store.save(workspace, make_dataset(40), source="made")
    np.save(tmp_path / "losses.npy", np.random.default_rng(0).random((40, 3), np.float32))
    return RecordedRequest(info.id, losses=str(tmp_path / "losses.npy"))


@pytest.fixture
def loaded(workspace, request_):
    """The directory of a job that is done, as a worker leaves it while nobody waits; its run was never begun."""
    job = jobs.new_job(workspace, "loads")
    keep_request(job, vars(request_))

    def work():
        with jobs.working_on(job):
            carry_out_recorded(workspace, job, lambda fraction, message: None)

    as_a_worker(work)
    return job


def test_a_recording_that_was_asked_for_is_worked_on_though_nobody_looks(workspace, request_):
    job = pipeline.start_recorded(workspace, request_)
    deadline = time.monotonic() + WAIT_SECONDS
    while jobs.poll(job).active or not runs.all_runs(workspace):
        assert time.monotonic() < deadline, jobs.poll(job)
        time.sleep(0.1)
    run = pipeline.loaded_run(workspace, job)
    while jobs.poll(run.path).state == "waiting":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    while jobs.poll(run.path).active:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert jobs.poll(run.path).state == "done"
    assert runs.detections(run)


def test_the_next_server_begins_what_was_loaded_while_none_was_there(workspace, loaded, asked_of_workers):
    pipeline.wake(workspace, demo=False)
    assert [words[:2] for _, words in asked_of_workers] == [["resume", pipeline.loaded_run(workspace, loaded).id]]


def test_what_was_begun_or_is_gone_is_left_alone(workspace, loaded, asked_of_workers):
    run = pipeline.loaded_run(workspace, loaded)
    jobs.write(run.path, jobs.Progress("cancelled"))
    pipeline.wake(workspace, demo=False)
    shutil.rmtree(run.path)
    pipeline.wake(workspace, demo=False)
    assert asked_of_workers == []
