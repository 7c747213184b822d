"""Architectures: one function `(shape, n_classes, *, …) -> nn.Module` each, for floats in [0, 1], (n, c, h, w).

Weights are recognised by their content, never by their name. torch's `.pt2` is refused, since reading one unpickles.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import UserError
from core.modalities import of_shape
from core.models import catalogue
from core.registry import Entry
from core.types import GRAPH, Scalar

if TYPE_CHECKING:  # pages name architectures and never need torch
    from torch import nn


class ModelBuilder(Protocol):
    """What every architecture is: a function that builds it untrained, for floats in [0, 1], (n, c, h, w).

    Its keyword-only, annotated arguments are its settings.
    """

    def __call__(self, shape: tuple[int, ...], n_classes: int, **settings: Scalar) -> "nn.Module":
        """The network for images of `shape`, (h, w, c), with `n_classes` logits."""
        ...


@dataclass(frozen=True)
class ModelEntry(Entry):
    """An architecture of ours.

    Attributes:
        takes: the name of the modality of its inputs.
        preprocessed: whether size, mean and standard deviation may be asked for.
        from_folder: whether it is built from a folder, which has to be named.
    """

    takes: str = "image"
    preprocessed: bool = True
    from_folder: bool = False

    def load(self) -> ModelBuilder:
        """The builder itself."""
        builder: ModelBuilder = super().load()
        return builder


@dataclass(frozen=True)
class OutsideEntry(ModelEntry):
    """An architecture that is not ours: `torchvision:<name>`, `timm:<name>` or `own:<function>`."""

    def load(self) -> ModelBuilder:
        """The builder; it has no settings."""
        package, _, name = self.name.partition(":")

        def build(shape: tuple[int, ...], n_classes: int, **_: Scalar) -> Any:
            from core.models import outside

            if package == "own":
                return outside.build_own(catalogue.own_architectures()[name], name, shape, n_classes)
            of_package = outside.build_timm if package == "timm" else outside.build_torchvision
            return of_package(name, n_classes, shape[0])

        return build


# Longest side of an image, in pixels, up to which the ConvNet is the usual model: its features look at 19 at once.
SMALL = 48
# Longest side up to which the networks with a stride of 1 are affordable: the small ResNet takes 255 million products
# an image there, and 3,126 million at 224 px. Of a larger image it strides to about 56 px: 217 million.
MIDDLE = 64
STEM = 56
# Samples below which the 11 million weights of a ResNet-18 are no sensible choice; the small one has 1.2 million.
MANY = 5000
# Learning rates at the start: of AdamW's usual, and of what was trained on much more text (Devlin et al. 2019, A.3).
_RATE = 1e-3
_RATE_OF_FOLDERS = 5e-5
MODELS: dict[str, ModelEntry] = {
    "convnet": ModelEntry(
        "convnet",
        "Small ConvNet (28–48 px)",
        "core.models.convnet",
        needs=("images of 16 px or more",),
        help="Three blocks of convolutions and a hidden layer of 128 features: seconds per epoch on a laptop.",
    ),
    "small_resnet": ModelEntry(
        "small_resnet",
        "Small ResNet (32–64 px)",
        "core.models.small_resnet",
        needs=("images of 16 px or more",),
        paper="He et al. 2016, arXiv 1512.03385",
        help="Ten layers of residual blocks, 256 features: half a minute per epoch on 20,000 CIFAR-10 images.",
    ),
    "resnet18": ModelEntry(
        "resnet18",
        "ResNet-18 (32-px stem)",
        "core.models.resnet18",
        needs=("images of 16 px or more",),
        paper="He et al. 2016, arXiv 1512.03385",
        help="torchvision's ResNet-18 with a 3×3 stride-1 stem up to 64 px, as in the BaDLoss paper.",
    ),
    "text_cnn": ModelEntry(
        "text_cnn",
        "Text CNN (words 3, 4, 5)",
        "core.models.text_cnn",
        needs=("texts",),
        paper="Kim 2014, arXiv 1408.5882",
        help="Filters over 3, 4 and 5 words and the largest answer of each, 300 features: seconds per epoch.",
        takes="text",
        preprocessed=False,
    ),
    "bag_of_embeddings": ModelEntry(
        "bag_of_embeddings",
        "Bag of embeddings",
        "core.models.bag_of_embeddings",
        needs=("texts",),
        paper="Joulin et al. 2017, arXiv 1607.01759",
        help="The mean of what stands for the words, and a hidden layer: the order of the words does not count.",
        takes="text",
        preprocessed=False,
    ),
    "transformer": ModelEntry(
        "transformer",
        "Transformer (from a folder)",
        "core.models.pretrained.transformer",
        needs=("texts", "a folder"),
        paper="Devlin et al. 2019, arXiv 1810.04805",
        help="A BERT or the like that save_pretrained wrote: safetensors and its own tokenizer. Minutes per epoch.",
        takes="text",
        preprocessed=False,
        from_folder=True,
    ),
}
# The one that a folder holds.
FROM_FOLDER = next(name for name, entry in MODELS.items() if entry.from_folder)
# It cannot be built, only read from a file; so it is no member of the family.
_GRAPH = ModelEntry(
    GRAPH,
    "ONNX graph (inspect only)",
    "core.models.graphs",
    needs=("an .onnx file",),
    help="A graph that brings its own architecture. It can be inspected, but neither trained nor repaired.",
)


def find_model(name: str) -> ModelEntry:
    """The architecture called `name`: ours, `torchvision:<name>`, `timm:<name>`, `own:<function>`, or `onnx`.

    Raises:
        UserError: naming ours and those that read most like it.

    Examples:
        >>> import torch
        >>> model = find_model("convnet").load()((28, 28, 1), 10)
        >>> model(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """
    if name in MODELS or name == GRAPH:
        return MODELS.get(name, _GRAPH)
    if catalogue.exists(name):
        return OutsideEntry(name, title_of(name), "core.models.outside", help=_about(name))
    alike = catalogue.closest(name, catalogue.outside_names())
    hint = f"Closest elsewhere: {', '.join(alike)}." if alike else "`python -m core models --like NAME` finds more."
    if name.startswith("own:"):
        hint = "Name the Python file that holds it at the start: --architecture FILE.py."
    raise UserError(f"There is no model named {name!r}.", f"Known: {', '.join(MODELS)}.", hint)


def models_for(shape: tuple[int, ...]) -> list[str]:
    """Our architectures that take samples of such a shape, the usual one first.

    >>> models_for((28, 28, 1))[0]
    'convnet'
    """
    return [name for name, entry in MODELS.items() if entry.takes == of_shape(shape).name]


@dataclass(frozen=True)
class Usual:
    """The architecture that suits data where nobody names one.

    Attributes:
        name: of ours.
        settings: of it, other than its own.
        why: it and no other, in a sentence.
    """

    name: str
    settings: tuple[tuple[str, Scalar], ...]
    why: str


def usual(shape: tuple[int, ...], n: int) -> Usual:
    """The architecture that suits samples of such a shape, which one of ours has to take, and so many of them.

    Args:
        shape: of one sample.
        n: samples to train on.

    >>> usual((28, 28, 1), 6000).name, usual((64, 64, 3), 6000).name, usual((224, 224, 3), 6000).name
    ('convnet', 'small_resnet', 'resnet18')
    >>> usual((224, 224, 3), 900).settings
    (('stride', 4),)
    """
    if not takes_pictures(shape):
        return Usual(models_for(shape)[0], (), "It is the quickest of those that take such samples.")
    side = max(shape[:2])
    if side <= SMALL:
        return Usual("convnet", (), f"Up to {SMALL} px three convolutions are enough, and an epoch takes seconds.")
    if side <= MIDDLE:
        return Usual("small_resnet", (), f"Beyond {SMALL} px the ConvNet's features see small parts of an image alone.")
    if n < MANY:
        stride = min(max(2, round(side / STEM)), 8)
        why = f"For fewer than {MANY:,} images ResNet-18 has too many weights. This begins with a stride of {stride}."
        return Usual("small_resnet", (("stride", stride),), why)
    return Usual("resnet18", (), f"Beyond {MIDDLE} px its first layers shrink the image, as published for 224 px.")


# The same in words, for a help.
USUAL = (
    f"by the longer side of the images, convnet up to {SMALL} px, where it is enough and quick, small_resnet up to "
    f"{MIDDLE}, beyond it resnet18, whose first layers shrink an image, or for fewer than {MANY:,} images a "
    "small_resnet that strides, as it has fewer weights; text_cnn for texts"
)


def usual_rate(name: str, *, frozen: bool = False) -> float:
    """The learning rate that suits the architecture: a transformer that learns on forgets all at that of the others.

    >>> usual_rate("text_cnn"), usual_rate("transformer"), usual_rate("transformer", frozen=True)
    (0.001, 5e-05, 0.001)
    """
    return _RATE_OF_FOLDERS if find_model(name).from_folder and not frozen else _RATE


def title_of(name: str) -> str:
    """The architecture in words."""
    if name in MODELS or name == GRAPH:
        return MODELS.get(name, _GRAPH).title
    package, _, architecture = name.partition(":")
    return f"{architecture} ({'your own' if package == 'own' else package})"


def takes_pictures(shape: tuple[int, ...]) -> bool:
    """Whether architectures from elsewhere, which want images, take samples of such a shape."""
    return of_shape(shape).name == ModelEntry.takes


def has_three_channels(name: str) -> bool:
    """Whether the architecture wants colour: grey images are repeated for it."""
    return name.partition(":")[0] in catalogue.PACKAGES


def _about(name: str) -> str:
    published = catalogue.published(name)
    if published is None:
        return f"From {catalogue.own_architectures()[name.partition(':')[2]].name}, named when Assay was started."
    return f"Published for {published.size} px in colour; images are resized to that, and grey is repeated."
