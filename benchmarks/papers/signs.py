"""Traffic signs for `ac_signs`: drawings of real signs, pasted onto photographs as a camera would see them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.types import Images, Ints

CLASSES = {
    "restriction": "regulatory--no-*",
    "speed limit": "regulatory--maximum-speed-limit-[0-9]*",
    "stop": "regulatory--stop",
    "warning": "warning--*",
    "yield": "regulatory--yield",
}
TEST_FRACTION = 0.2


def signs(
    *,
    data: Annotated[Path, typer.Option(help="A folder with cifar10.npz, the backgrounds; signs.npz is written there.")],
    drawings: Annotated[Path, typer.Option(help="A folder <class>/<name>.png of drawings with a transparent ground.")],
    per_class: Annotated[int, typer.Option(help="How many training images of each class.")] = 1000,
    side: Annotated[int, typer.Option(help="Height and width in pixels.")] = 48,
    seed: int = 0,
) -> None:
    """Make signs.npz: five classes of traffic signs, as in the paper, from drawings on photographs."""
    kinds = [sorted(drawings.glob(f"{kind}/*.png")) for kind in CLASSES.values()]
    if lacking := [name for name, paths in zip(CLASSES, kinds, strict=True) if not paths]:
        raise typer.BadParameter(f"{drawings} has no drawings of {', '.join(lacking)}; see benchmarks/README.md.")
    with np.load(data / "cifar10.npz", allow_pickle=False) as content:
        grounds = {part: content[f"x_{part}"] for part in ("train", "test")}
    arrays: dict[str, NDArray[Any]] = {}
    for place, (part, fraction) in enumerate((("train", 1.0), ("test", TEST_FRACTION))):
        rng = np.random.default_rng([seed, place])
        labels = rng.permutation(np.repeat(np.arange(len(kinds)), round(fraction * per_class)))
        arrays |= {f"x_{part}": photographs(kinds, labels, grounds[part], side, rng), f"y_{part}": labels}
    np.savez(data / "signs.npz", **arrays)
    counts = " + ".join(f"{len(arrays[f'y_{part}']):,}" for part in grounds)
    typer.echo(f"{data / 'signs.npz'}: {counts} images, {', '.join(CLASSES)}")


def photographs(
    kinds: Sequence[Sequence[Path]], labels: Ints, grounds: Images, side: int, rng: np.random.Generator
) -> Images:
    """(n, side, side, 3): for each label a drawing of its kind, at random, on a random photograph.

    Args:
        kinds: the drawings of each class.
        labels: (n,) what to draw.
        grounds: (m, h, w, 3) photographs.
        side: height and width in pixels.
        rng: of all that is drawn: drawing, photograph, size, place, turn, light, blur and noise.
    """
    signs = [[Image.open(path).convert("RGBA") for path in paths] for paths in kinds]
    pictures = []
    for label in labels:
        own = signs[label]
        sign, ground = own[rng.integers(len(own))], grounds[rng.integers(len(grounds))]
        pictures.append(_photograph(sign, ground, side, rng))
    return np.stack(pictures)


def _photograph(sign: Image.Image, ground: Images, side: int, rng: np.random.Generator) -> Images:
    """One picture: the sign fills 55 to 90 % of it, is turned by at most 12°, in light of 50 to 130 %."""
    left, top = rng.integers(0, np.array(ground.shape[1::-1]) // 3)
    picture = Image.fromarray(ground[top:, left:]).resize((side, side), Image.Resampling.BICUBIC)
    size = round(side * rng.uniform(0.55, 0.9))
    turned = sign.resize((size, size), Image.Resampling.LANCZOS).rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC)
    x, y = rng.integers(0, side - size + 1, 2).tolist()
    picture.paste(turned, (x, y), turned)
    blurred = np.asarray(picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.8))), np.float32)
    noise = rng.normal(0, rng.uniform(0, 6), blurred.shape)
    return np.clip(blurred * rng.uniform(0.5, 1.3) + noise, 0, 255).astype(np.uint8)
