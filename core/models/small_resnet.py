"""A small residual network: CIFAR-10 on a laptop."""

from typing import Annotated

from torch import nn
from torchvision.models.resnet import BasicBlock, conv1x1

from core.registry import Range

STAGES = 4  # of one block each; every stage but the first halves the sides


def small_resnet(
    shape: tuple[int, ...],
    n_classes: int,
    *,
    width: Annotated[int, Range(4, 512)] = 32,
    blocks: Annotated[int, Range(1, 8)] = 1,
    stride: Annotated[int, Range(1, 8)] = 1,
) -> nn.Module:
    """An untrained residual network of four stages, each half as large and twice as wide as the one before.

    Args:
        shape: (h, w, c) of one image.
        n_classes: k.
        width: channels of the first stage; 8 · width features come before the classifier head.
        blocks: residual blocks in each stage; 1 makes ten layers, 2 makes ResNet-18's eighteen.
        stride: of the first convolution; 1 keeps 32 px as they are, as in the BaDLoss paper, 2 is three times faster,
            224 px want 4 or more.

    Example:
        >>> import torch
        >>> small_resnet((16, 16, 3), 4, width=8)(torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 4])
    """
    stem = nn.Conv2d(shape[2], width, 2 * stride + 1, stride, stride, bias=False)
    layers: list[nn.Module] = [stem, nn.BatchNorm2d(width), nn.ReLU()]
    inputs = width
    for stage in range(STAGES):
        outputs, stride = width * 2**stage, 1 if stage == 0 else 2
        for block in range(blocks):
            layers.append(_block(inputs, outputs, stride if block == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, n_classes))


def _block(inputs: int, outputs: int, stride: int) -> nn.Module:
    """A basic block, with a projection where its shape changes."""
    projection = nn.Sequential(conv1x1(inputs, outputs, stride), nn.BatchNorm2d(outputs))
    block: nn.Module = BasicBlock(inputs, outputs, stride, projection if stride > 1 or inputs != outputs else None)
    return block
