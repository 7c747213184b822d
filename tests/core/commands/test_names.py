"""A run or a data set may be written as its id, the beginning of it, its name, or latest."""

import pytest
from typer.testing import CliRunner

from core import runs
from core.__main__ import app
from core.data import store
from core.data.store.demo import demo
from core.errors import UserError
from core.pipeline.named import whole_id


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace, its data set, and two runs of it, the newer one last."""
    workspace = tmp_path_factory.mktemp("workspace")
    info = store.save(workspace, demo(), source="built in")
    return workspace, info, [runs.create(workspace, info, {}, ("train",), name=name) for name in ("first", "second")]


def test_an_id_its_beginning_a_name_and_latest_mean_the_same_run(made):
    workspace, info, (first, second) = made
    newest = runs.all_runs(workspace)[0]
    assert {whole_id("run", text, workspace) for text in (first.id, first.id[:-1], "first")} == {first.id}
    assert whole_id("run", "second", workspace) == second.id
    assert whole_id("run", "latest", workspace) == newest.id
    assert {whole_id("dataset", text, workspace) for text in (info.id, info.id[:8], info.name, "latest")} == {info.id}


def test_what_may_be_several_runs_is_refused_with_all_of_them(made):
    workspace, _, pair = made
    with pytest.raises(UserError, match="may be one of 2 runs") as refused:
        whole_id("run", "2", workspace)
    assert all(run.id in refused.value.detail for run in pair)


def test_what_means_no_run_is_left_to_the_command_which_names_those_there_are(made):
    workspace, _, pair = made
    result = CliRunner().invoke(app, ["layers", "nonsense", "--workspace", str(workspace)])
    assert result.exit_code == 2
    assert "There is no run 'nonsense'" in result.stderr
    assert pair[0].id in result.stderr
    assert result.stderr.strip().endswith("Choose one of these.")


def test_a_command_takes_a_name_and_its_help_says_so(made):
    workspace, _, _ = made
    result = CliRunner().invoke(app, ["layers", "first", "--workspace", str(workspace)])
    assert result.exit_code == 0
    assert "nothing yet" in result.stdout
    told = CliRunner().invoke(app, ["detect", "--help"]).stdout
    assert "its name, or" in told


def test_lists_show_whole_ids_to_other_programs(made):
    workspace, info, pair = made
    listed = CliRunner().invoke(app, ["runs", "--workspace", str(workspace)]).stdout
    assert all(run.id in listed for run in pair)
    assert info.id in CliRunner().invoke(app, ["datasets", "--workspace", str(workspace)]).stdout
