"""The model that is trained where nobody names one: by the size of the images and by how many there are."""

import pytest
from typer.testing import CliRunner

from core import pipeline, runs
from core.__main__ import app
from core.data import store
from core.models import MANY, MIDDLE, SMALL, USUAL, find_model, usual


@pytest.mark.parametrize(
    ("side", "n", "name"),
    [
        (28, 60_000, "convnet"),
        (SMALL, 100, "convnet"),
        (SMALL + 1, 100, "small_resnet"),
        (MIDDLE, 60_000, "small_resnet"),
        (MIDDLE + 1, MANY, "resnet18"),
        (224, 60_000, "resnet18"),
        (224, MANY - 1, "small_resnet"),
    ],
)
def test_the_usual_model_suits_the_size_and_the_number_of_images(side, n, name):
    found = usual((side // 2, side, 3), n)
    assert found.name == name
    assert found.why.endswith(".")


def test_few_large_images_get_a_network_that_strides_to_what_small_ones_are():
    assert dict(usual((224, 224, 3), 900).settings) == {"stride": 4}
    network = find_model("small_resnet").load()((224, 224, 3), 10, stride=4)
    assert network[0].stride == (4, 4)
    assert not usual((64, 64, 3), 900).settings


def test_a_training_of_few_large_images_without_a_name_is_of_that_network(workspace, make_dataset):
    info = store.save(workspace, make_dataset(24, n_test=4, side=96), source="test")
    suited = pipeline.usual_model(workspace, info.id)
    arguments = ["train", info.id, "--epochs", "1", "--no-detect", "--workspace", str(workspace), "--json"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    config = runs.all_runs(workspace)[0].config
    assert config["model"] == suited.name == "small_resnet"
    assert [tuple(setting) for setting in config["model_settings"]] == [("stride", 2)]


def test_the_help_of_a_training_says_why():
    said = CliRunner().invoke(app, ["train", "--help"]).stdout.replace("│", " ")
    assert USUAL in " ".join(said.split())
