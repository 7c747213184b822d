"""Architectures: one function `(shape, n_classes, *, …) -> nn.Module` each, for floats in [0, 1], (n, c, h, w)."""

from core.registry import Entry

MODELS = {
    "convnet": Entry(
        "convnet",
        "Small ConvNet (28–48 px)",
        "core.models.convnet",
        needs=("images of 16 px or more",),
        help="Three blocks of convolutions and a hidden layer of 128 features: seconds per epoch on a laptop.",
    ),
    "small_resnet": Entry(
        "small_resnet",
        "Small ResNet (32–64 px)",
        "core.models.small_resnet",
        needs=("images of 16 px or more",),
        paper="He et al. 2016, arXiv 1512.03385",
        help="Ten layers of residual blocks, 256 features: half a minute per epoch on 20,000 CIFAR-10 images.",
    ),
    "resnet18": Entry(
        "resnet18",
        "ResNet-18 (32-px stem)",
        "core.models.resnet18",
        needs=("images of 16 px or more",),
        paper="He et al. 2016, arXiv 1512.03385",
        help="torchvision's ResNet-18 with a 3×3 stride-1 stem up to 64 px, as in the BaDLoss paper.",
    ),
}
