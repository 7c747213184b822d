"""The clean set is pushed to a server of the Hub's layout: only on request, private, and never over something else."""

import time

import pytest
from typer.testing import CliRunner

from core import pipeline
from core.__main__ import app
from core.analysis.opened_run import opened
from core.data import open_source
from core.data.published.hub import fetch, listing, place_of
from core.errors import UserError
from core.output.hub_push import push_clean_copy, repo_of
from core.runs import jobs
from tests.core.hub_server import Repo, serving

SECONDS = 60.0


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A server without data sets, on which ann may write; nobody is signed in on this machine."""
    monkeypatch.setenv("HF_TOKEN", "hf_ann")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "none"))
    with serving() as served:
        served.writers = ("hf_ann",)
        yield served


@pytest.fixture
def decided(finished):
    pipeline.decide(finished, [0, 1, 2], "exclude", reviewer="ann")
    return opened(finished)


def test_what_is_pushed_is_private_and_is_opened_again(hub, decided, tmp_path):
    said = []
    told = push_clean_copy(decided, "ann/clean", lambda done, words: said.append((done, words)), endpoint=hub.url)
    assert (told["name"], told["private"], told["samples"], told["excluded"]) == ("hf://ann/clean", True, 197, 3)
    repo = hub.repos["ann/clean"]
    assert repo.private
    assert repo.said == [f"The clean set of {decided.run.id}"]
    assert {"README.md", "changes.csv", "data/train-00000-of-00001.parquet"} < set(repo.files)
    assert [done for done, _ in said] == sorted(done for done, _ in said)
    found = listing(place_of("hf://ann/clean"), endpoint=hub.url)
    again = open_source(fetch(found, tmp_path / "again", endpoint=hub.url))
    assert (again.class_names, len(again.train)) == (decided.data.class_names, 197)
    again.close()
    assert not list(decided.run.workspace.glob(".push-*"))


def test_what_is_there_is_left_alone_unless_it_may_be_replaced(hub, decided):
    hub.repos["ann/clean"] = Repo({"mine.txt": b"precious", "data/train-00001-of-00002.parquet": b"old"}, private=True)
    with pytest.raises(UserError, match="ann/clean holds something already"):
        push_clean_copy(decided, "ann/clean", endpoint=hub.url)
    assert set(hub.repos["ann/clean"].files) == {"mine.txt", "data/train-00001-of-00002.parquet"}
    push_clean_copy(decided, "ann/clean", replace=True, endpoint=hub.url)
    assert {name for name in hub.repos["ann/clean"].files if name.startswith("data/")} == {
        "data/train-00000-of-00001.parquet",
        "data/test-00000-of-00001.parquet",
    }
    assert hub.repos["ann/clean"].files["mine.txt"] == b"precious"


def test_nothing_is_put_where_everybody_sees_it_unless_that_is_said(hub, decided):
    hub.repos["ann/open"] = Repo({".gitattributes": b""})
    with pytest.raises(UserError, match="everybody can see it") as told:
        push_clean_copy(decided, "ann/open", endpoint=hub.url)
    assert "--public" in told.value.hint
    assert not push_clean_copy(decided, "ann/open", public=True, endpoint=hub.url)["private"]
    push_clean_copy(decided, "ann/new", public=True, endpoint=hub.url)
    assert not hub.repos["ann/new"].private


def test_without_a_token_or_the_right_to_write_nothing_is_sent(hub, decided, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_eve")
    with pytest.raises(UserError, match="token may not do that with ann/clean"):
        push_clean_copy(decided, "ann/clean", endpoint=hub.url)
    monkeypatch.delenv("HF_TOKEN")
    before = len(hub.asked)
    with pytest.raises(UserError, match="Nobody is signed in") as told:
        push_clean_copy(decided, "ann/clean", endpoint=hub.url)
    assert "hf auth login" in told.value.hint
    assert (len(hub.asked), hub.repos) == (before, {})


@pytest.mark.parametrize("name", ["clean", "ann/clean:train", "ann/clean/small", "../x", "ann/b c"])
def test_a_name_has_an_owner_and_is_whole(name):
    with pytest.raises(UserError):
        repo_of(name)


def test_the_command_and_a_worker_push_by_name(hub, decided, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    run = decided.run
    words = ["push-clean", run.id, "ann/clean", "--workspace", str(run.workspace)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "private: True" in done.stdout
    assert "hub hf://ann/clean" in done.stderr
    again = CliRunner().invoke(app, words)
    assert (again.exit_code, "holds something already" in again.output) == (2, True)
    job = pipeline.start_push(run, "ann/other", public=True)
    deadline = time.monotonic() + SECONDS
    while (progress := jobs.poll(job)).active and time.monotonic() < deadline:
        time.sleep(0.1)
    assert progress.state == "done", progress
    assert not hub.repos["ann/other"].private
