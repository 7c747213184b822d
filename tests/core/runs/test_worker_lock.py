"""Who holds the lock of a worker is known, also where an earlier version wrote it into the lock itself."""

import json
import os
from dataclasses import asdict

import pytest

from core import system
from core.errors import UserError
from core.runs import worker_lock
from core.runs.worker_lock import HOLDER, NAME, Holder


@pytest.fixture
def of_before(tmp_path):
    """A directory whose worker, of an earlier version, is at work: its name stands in the lock."""
    named = Holder(os.getpid(), worker_lock.born(os.getpid()), 1.0)
    (tmp_path / NAME).write_text(json.dumps(asdict(named)))
    with (tmp_path / NAME).open("r+b") as lock:
        system.lock(lock, wait=False)
        yield tmp_path, named


def test_who_asks_for_a_lock_in_vain_leaves_the_name_of_its_holder(of_before):
    directory, named = of_before
    assert worker_lock.holder(directory) == named
    with pytest.raises(UserError, match="worked on already"):
        worker_lock.take(directory)
    assert worker_lock.holder(directory) == named


def test_who_gets_the_lock_takes_the_name_of_the_last_holder_off(tmp_path):
    (tmp_path / NAME).write_text(json.dumps(asdict(Holder(7, "then", 1.0))))
    descriptor = worker_lock.take(tmp_path)
    assert worker_lock.holder(tmp_path).pid == 0
    os.close(descriptor)


def test_a_lock_whose_holder_cannot_be_written_is_given_back(tmp_path):
    (tmp_path / HOLDER).symlink_to(tmp_path / "none" / "there")
    with pytest.raises((UserError, OSError)):
        worker_lock.take(tmp_path)
    assert not worker_lock.held(tmp_path)
