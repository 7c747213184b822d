"""torchvision's ResNet-18, with the stem that small images need."""

import torchvision
from torch import nn


def resnet18(shape: tuple[int, ...], n_classes: int) -> nn.Module:
    """An untrained ResNet-18; up to 64 px with a 3×3 stride-1 stem and no max-pooling, as in the BaDLoss paper.

    Args:
        shape: (h, w, c) of one image.
        n_classes: k.

    Example:
        >>> import torch
        >>> resnet18((32, 32, 3), 10).fc.in_features
        512
    """
    model: nn.Module = torchvision.models.resnet18(num_classes=n_classes)
    small = max(shape[:2]) <= 64
    kernel, stride = (3, 1) if small else (7, 2)
    model.conv1 = nn.Conv2d(shape[2], 64, kernel, stride, padding=kernel // 2, bias=False)
    if small:
        model.maxpool = nn.Identity()
    return model
