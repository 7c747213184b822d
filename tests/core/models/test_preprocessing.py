"""What happens to an image before the network, by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from core.errors import UserError
from core.models import find_model
from core.models.catalogue import closest, outside_names, published
from core.models.preprocessing import Preprocessed, network_of, pixels_of
from core.training.config import TrainConfig, channel_values, completed, restored
from core.training.loop import build_model


def test_one_pixel_by_hand():
    # red 0.2, green 0.4, blue 0.6; the network sees blue first, so mean and std are in that order
    model = Preprocessed(nn.Identity(), channels=3, mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 0.1), bgr=True)
    pixel = torch.tensor([0.2, 0.4, 0.6]).view(1, 3, 1, 1)
    expected = [(0.6 - 0.1) / 0.5, (0.4 - 0.2) / 0.25, (0.2 - 0.3) / 0.1]
    assert model(pixel).flatten().tolist() == pytest.approx(expected, abs=1e-6)


def test_one_value_holds_for_all_channels_and_grey_is_repeated():
    model = Preprocessed(nn.Identity(), channels=3, mean=(0.5,), std=(0.5,))
    grey = torch.tensor([[[[0.0, 1.0]]]])
    assert torch.equal(model(grey), torch.tensor([[[-1.0, 1.0]]]).expand(1, 3, 1, 2))


def test_images_are_squashed_to_the_size_and_smoothed_where_they_shrink():
    wide = torch.rand(2, 3, 8, 16)
    larger, smaller = (Preprocessed(nn.Identity(), channels=3, size=size) for size in (20, 4))
    assert torch.allclose(larger(wide), F.interpolate(wide, (20, 20), mode="bilinear"))
    halved = smaller(torch.rand(1, 1, 8, 8).expand(1, 3, 8, 8).round())
    assert halved.shape == (1, 3, 4, 4)
    board = (torch.arange(8)[:, None] + torch.arange(8)) % 2  # a chessboard: without smoothing 0, 1 or edges would stay
    assert smaller(board.float().view(1, 1, 8, 8))[..., 1:3, 1:3].flatten().tolist() == pytest.approx([0.5] * 12)


def test_no_weight_is_added_and_gradients_and_channels_last_pass():
    inner = nn.Conv2d(3, 4, 1)
    model = Preprocessed(inner, channels=3, size=4, mean=(0.5,), std=(0.5,))
    assert model.state_dict().keys() == {"network.weight", "network.bias"}
    batch = torch.rand(2, 3, 8, 8, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = model.to(memory_format=torch.channels_last)(batch)
    assert outputs.dtype == torch.bfloat16
    outputs.float().sum().backward()
    assert batch.grad.abs().sum() > 0
    assert model.differentiable


def test_a_model_without_preprocessing_is_left_alone():
    plain = build_model(TrainConfig(), (16, 16, 1), 4)
    assert isinstance(plain, nn.Sequential)
    assert network_of(plain) is plain
    assert pixels_of(plain, 320) == 320
    wrapped = build_model(TrainConfig(mean=(0.5,), input_size=24), (16, 16, 1), 4)
    assert isinstance(wrapped, Preprocessed)
    assert pixels_of(wrapped, 256) == 576
    assert wrapped(torch.zeros(2, 1, 16, 16)).shape == (2, 4)


def test_what_the_authors_say_is_filled_in_but_never_laid_over():
    imagenet = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    loaded = completed(TrainConfig("torchvision:resnet18", weights="/some/file"))
    assert (loaded.input_size, loaded.mean, loaded.std) == (224, *imagenet)
    afresh = completed(TrainConfig("timm:test_vit"))
    assert (afresh.input_size, afresh.mean, afresh.std) == (160, (), ())
    asked = completed(TrainConfig("timm:test_vit", weights="x", input_size=32, mean=(0.1,), std=(0.2,)))
    assert (asked.input_size, asked.mean, asked.std) == (32, (0.1,), (0.2,))
    assert completed(TrainConfig()) == TrainConfig()


def test_a_configuration_comes_back_from_json():
    config = TrainConfig("resnet18", mean=(0.5, 0.4, 0.3), std=(0.1,), model_settings=(("width", 4),))
    content = {**vars(config), "mean": [0.5, 0.4, 0.3], "std": [0.1], "model_settings": [["width", 4]]}
    assert restored(content) == config
    older = {key: value for key, value in vars(TrainConfig()).items() if key not in ("mean", "std", "weights")}
    assert restored(older) == TrainConfig()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"mean": (0.5, 0.5)}, "mean=0.5,0.5 cannot be used. It has to be one number or three"),
        ({"std": (0.0,)}, "above 0"),
        ({"std": (float("nan"),)}, "std=nan"),
        ({"colour_order": "cmyk"}, "Known: rgb, bgr."),
        ({"input_size": 4}, "input_size=4 cannot be used. It has to lie between 8 and 1024."),
        ({"model": "timm:nonsense"}, "There is no model named 'timm:nonsense'."),
        ({"model": "own:mine"}, "--architecture FILE.py"),
        ({"model": "timm:test_resnt"}, "timm:test_resnet"),
    ],
)
def test_what_cannot_be_is_said(fields, words):
    with pytest.raises(UserError) as caught:
        TrainConfig(**fields)
    assert words in str(caught.value)


def test_every_architecture_is_listed_and_likely_names_are_found():
    names = outside_names()
    assert len([name for name in names if name.startswith("timm:")]) > 1000
    assert len([name for name in names if name.startswith("torchvision:")]) >= 80
    assert all(8 <= published(name).size <= 1024 for name in names if ":" in name and not name.startswith("own:"))
    assert closest("mobilenet_v2", names)[0] == "torchvision:mobilenet_v2"
    assert find_model("timm:resnet18.a1_in1k").title == "resnet18.a1_in1k (timm)"


def test_numbers_from_text():
    assert channel_values("mean", "0.485, 0.456 0.406") == (0.485, 0.456, 0.406)
    assert channel_values("mean", " ") == ()
    with pytest.raises(UserError, match="mean=a,b cannot be used"):
        channel_values("mean", "a,b")


def test_three_values_for_grey_images():
    with pytest.raises(UserError, match="mean has three values, but the images are grey"):
        build_model(TrainConfig(mean=(0.1, 0.2, 0.3)), (16, 16, 1), 4)
