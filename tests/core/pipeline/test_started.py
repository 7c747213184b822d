"""Work that a worker does for somebody who waits."""

import time
from dataclasses import asdict, dataclass

import pytest

from core.errors import UserError
from core.pipeline.started import REQUEST, keep_request, keep_result, request_of, result_of, start_worker
from core.runs import jobs


@dataclass(frozen=True)
class Wish:
    what: str
    how_often: int = 1


def test_a_wish_is_read_as_it_was_written_and_refused_when_it_is_damaged(tmp_path):
    keep_request(tmp_path, asdict(Wish("cut", 2)))
    assert request_of(tmp_path, Wish, "The wish", "Wish again.") == Wish("cut", 2)
    (tmp_path / REQUEST).write_text('{"how_often": 2}')
    with pytest.raises(UserError, match="The wish is damaged"):
        request_of(tmp_path, Wish, "The wish", "Wish again.")


def test_a_result_says_what_it_says_and_nothing_of_the_rest(tmp_path):
    keep_result(tmp_path, dataset="a-1")
    assert result_of(tmp_path, "dataset", "The result", "") == "a-1"
    assert result_of(tmp_path, "run", "The result", "") == ""


def test_a_worker_takes_its_options_and_takes_no_argument_for_one(tmp_path):
    options = {"--set": ["a=1", "b=2"], "--source": None, "--name": ""}
    job = start_worker(tmp_path, "imports", "import", ["--nowhere"], options, flags=["--grey"])
    assert job.parent == tmp_path / "imports"
    deadline = time.monotonic() + 60
    while (progress := jobs.poll(job)).active and time.monotonic() < deadline:
        time.sleep(0.1)
    assert progress.state == "failed"
    assert "--nowhere" in progress.error["title"]  # no such file, rather than no such option
