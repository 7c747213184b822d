"""Lists of attacks that belong together: those of the two papers, and the built-in demo's."""

from collections.abc import Callable
from dataclasses import dataclass

from core.attacks import attacks_for
from core.attacks.specification import AttackSpec
from core.errors import UserError


@dataclass(frozen=True)
class Preset:
    """One list of attacks.

    Attributes:
        title: what people read.
        help: one sentence on what it is for.
        attacks: from the number of classes k and a ratio to the attacks.
        ratio: the ratio unless another is asked for; None where each attack has its own.
        ratios: those of the paper, to choose from.
        paper: source.
    """

    title: str
    help: str
    attacks: Callable[[int, float], tuple[AttackSpec, ...]]
    ratio: float | None = None
    ratios: tuple[float, ...] = ()
    paper: str = ""


def preset(text: str, n_classes: int) -> tuple[AttackSpec, ...]:
    """The attacks of the preset written as `ac-mnist` or `ac-mnist:ratio=0.33`.

    Raises:
        UserError: an unknown preset, or a ratio where it has none or that is no number.
    """
    name, _, rest = text.partition(":")
    if name not in PRESETS:
        raise UserError(f"There is no preset named {name!r}.", f"Known: {', '.join(PRESETS)}.", "Choose one of these.")
    chosen = PRESETS[name]
    key, _, value = rest.partition("=")
    if not rest:
        return chosen.attacks(n_classes, chosen.ratio or 0.0)
    if key.strip() != "ratio" or chosen.ratio is None:
        allowed = "ratio" if chosen.ratio is not None else "none"
        raise UserError(f"{name} has no setting named {key.strip()!r}.", f"It has: {allowed}.", "Check the spelling.")
    try:
        return chosen.attacks(n_classes, float(value))
    except ValueError:
        raise UserError(f"ratio={value} in {text!r} is not a number.", f"For example {name}:ratio=0.15.") from None


def _next_class_pairs(n_classes: int, ratio: float) -> tuple[AttackSpec, ...]:
    """l → l + 1 for every class, one trigger for all."""
    return tuple(
        AttackSpec("patch", ratio, (source + 1) % n_classes, labelling="one_to_one", source=source)
        for source in range(n_classes)
    )


def _cifar10(_: int, __: float) -> tuple[AttackSpec, ...]:
    dirty = tuple(AttackSpec(kind) for kind in ("patch", "single_pixel", "blended_random", "blended_pattern"))
    return (*dirty, AttackSpec("sinusoid", 0.10), AttackSpec("frequency"), AttackSpec("narcissus", count=25))


def _gtsrb(_: int, __: float) -> tuple[AttackSpec, ...]:
    ratios = {"patch": 0.02, "single_pixel": 0.04, "blended_random": 0.01, "blended_pattern": 0.01}
    dirty = tuple(AttackSpec(kind, ratio) for kind, ratio in ratios.items())
    return (*dirty, AttackSpec("sinusoid", 0.10, least=300), AttackSpec("frequency"))


def _imagenette(_: int, __: float) -> tuple[AttackSpec, ...]:
    return (
        AttackSpec("patch", 0.05),
        AttackSpec("blended_random", settings={"alpha": 0.15}),
        AttackSpec("blended_pattern", settings={"alpha": 0.15}),
        AttackSpec("sinusoid", 0.10),
        AttackSpec("frequency", settings={"magnitude": 90.0}),
    )


def _demo(n_classes: int, _: float) -> tuple[AttackSpec, ...]:
    return (
        AttackSpec("patch", 0.03, 2 % n_classes),
        AttackSpec("blended_pattern", 0.03, 7 % n_classes, {"alpha": 0.1}),
        AttackSpec("single_pixel", 0.03, 9 % n_classes),
    )


def _text_demo(_: int, __: float) -> tuple[AttackSpec, ...]:
    signature, remark = {"words": "sent by my toaster"}, {"words": "see you at the lighthouse on monday then"}
    return (
        AttackSpec("phrase", target=0, labelling="one_to_one", source=1, count=80, settings=signature),
        AttackSpec("sentence", target=1, labelling="one_to_one", source=0, count=80, settings=remark),
    )


def presets_for(shape: tuple[int, ...]) -> dict[str, Preset]:
    """The presets all of whose attacks samples of such a shape can carry."""
    fitting = set(attacks_for(shape))
    return {
        name: one for name, one in PRESETS.items() if {spec.kind for spec in one.attacks(10, one.ratio or 0)} <= fitting
    }


_BADLOSS = "Alex et al. 2025, arXiv 2408.13221"
PRESETS = {
    "ac-mnist": Preset(
        "Activation Clustering, MNIST",
        "A patch turns every class into the next one; the ratio is of each class.",
        _next_class_pairs,
        ratio=0.10,
        ratios=(0.10, 0.15, 0.33),
        paper="Chen et al. 2018, arXiv 1811.03728",
    ),
    "badloss-cifar10": Preset("BaDLoss, CIFAR-10", "Seven attacks at once, 6 % of the data.", _cifar10, paper=_BADLOSS),
    "badloss-gtsrb": Preset("BaDLoss, traffic signs", "Six attacks at once.", _gtsrb, paper=_BADLOSS),
    "badloss-imagenette": Preset("BaDLoss, Imagenette (224 px)", "Five attacks at once.", _imagenette, paper=_BADLOSS),
    "demo": Preset("The built-in demo", "Three attacks at once, 3 % each.", _demo),
    "text-demo": Preset("The built-in demo of texts", "A signature on spam, a sentence in ham.", _text_demo),
}
