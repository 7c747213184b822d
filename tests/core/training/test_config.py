"""A configuration is checked before anything is trained with it."""

import pytest

from core.errors import UserError
from core.training.config import TrainConfig


@pytest.mark.parametrize(
    "fields",
    [
        {"epochs": 1},
        {"epochs": 10_000},
        {"batch_size": 2},
        {"batch_size": 65_536},
        {"learning_rate": 1e-7},
        {"learning_rate": 10.0},
        {"weight_decay": 0.0},
        {"sharpness": 10.0},
        {"augment": "crop_flip", "precision": "bf16", "model": "resnet18"},
    ],
)
def test_the_limits_themselves_are_allowed(fields):
    config = TrainConfig(**fields)
    assert {name: getattr(config, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"epochs": 0}, "epochs=0 cannot be used. It has to lie between 1 and 10000."),
        ({"epochs": 10_001}, "epochs=10001 cannot be used"),
        ({"batch_size": 1}, "batch_size=1 cannot be used. It has to lie between 2 and 65536."),
        ({"batch_size": 65_537}, "batch_size=65537"),
        ({"learning_rate": 0.0}, "learning_rate=0 cannot be used"),
        ({"learning_rate": 11.0}, "learning_rate=11"),
        ({"learning_rate": float("nan")}, "learning_rate=nan"),
        ({"weight_decay": -0.1}, "weight_decay=-0.1"),
        ({"sharpness": -0.1}, "sharpness=-0.1 cannot be used. It has to lie between 0 and 10."),
        (
            {"augment": "rotate"},
            "augment=rotate cannot be used. Known: none, flip, crop, crop_flip, resized_crop_flip, word_dropout.",
        ),
        ({"precision": "fp8"}, "Known: auto, bf16, fp32."),
        (
            {"model": "vgg"},
            "Known: convnet, small_resnet, resnet18, text_cnn, bag_of_embeddings, transformer.",
        ),
    ],
)
def test_what_lies_outside_is_refused(fields, words):
    with pytest.raises(UserError) as caught:
        TrainConfig(**fields)
    assert words in str(caught.value)
