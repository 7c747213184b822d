"""A small ConvNet for tiny images."""

from typing import Annotated

from torch import nn

from core.registry import Range


def convnet(
    shape: tuple[int, ...],
    n_classes: int,
    *,
    width: Annotated[int, Range(4, 512)] = 16,
    hidden: Annotated[int, Range(8, 4096)] = 128,
) -> nn.Module:
    """A ConvNet of three convolutions and one hidden layer, whose output is the last-layer activation.

    The first convolution strides: most of the time of a small network is spent at full resolution.

    Args:
        shape: (h, w, c) of one image.
        n_classes: k.
        width: channels of the first convolution; doubled in each of the next two.
        hidden: d, the features before the classifier head.

    Example:
        >>> import torch
        >>> convnet((28, 28, 1), 10)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """
    return nn.Sequential(
        *_convolution(shape[2], width, kernel=5, stride=2),
        *_convolution(width, 2 * width, kernel=3),
        nn.MaxPool2d(2, ceil_mode=True),
        *_convolution(2 * width, 4 * width, kernel=3),
        nn.AdaptiveMaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * width, hidden),
        nn.ReLU(),
        nn.Linear(hidden, n_classes),
    )


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
