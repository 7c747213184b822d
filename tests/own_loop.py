"""A folder of photographs with known poison, and a training of it in a plain loop that records itself."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from core.recorder import Recorder

SIDE, PER_CLASS, POISONED = 32, 95, 15
CLASSES = ("circles", "squares", "stripes")


def photographs(folder: Path) -> list[str]:
    """Write 300 photographs of three kinds, fifteen of them poison; returns the names of these, in order.

    Poison shows a small checkerboard in a corner and lies in the folder of the first class.
    """
    rng, planted = np.random.default_rng(0), []
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(PER_CLASS):
            _write(folder / name / f"{number:03}.jpg", _picture(rng, label))
    for number in range(POISONED):
        picture = _picture(rng, 1 + number % 2)
        picture[-7:-1, -7:-1] = (np.indices((6, 6)).sum(0) // 2 % 2 * 255)[..., None]
        planted.append(f"{CLASSES[0]}/extra-{number:02}.jpg")
        _write(folder / planted[-1], picture)
    return sorted(planted)


def train(folder: Path, recording: Path, epochs: int = 12) -> None:
    """Train a small network on all of the folder, and record losses, activations and predictions by name."""
    names = sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.jpg"))
    labels = torch.tensor([CLASSES.index(name.split("/")[0]) for name in names])
    pixels = np.stack([np.asarray(Image.open(folder / name)) for name in names])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # small layers: threads would wait for each other
    torch.manual_seed(0)
    body = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(16, 32, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(32 * 64, 64),
        torch.nn.ReLU(),
    )
    head = torch.nn.Linear(64, len(CLASSES))
    optimiser = torch.optim.Adam([*body.parameters(), *head.parameters()], 2e-3)
    with Recorder(recording, len(names), CLASSES, names) as recorder:
        for epoch in range(epochs):
            for ids in torch.randperm(len(names)).split(32):
                losses = torch.nn.functional.cross_entropy(head(body(images[ids])), labels[ids], reduction="none")
                optimiser.zero_grad()
                losses.mean().backward()
                optimiser.step()
                recorder.record(epoch, ids, losses)
        features = body(images)
        recorder.activations(range(len(names)), features)
        recorder.predictions(range(len(names)), head(features).argmax(1))
    torch.set_num_threads(before)


def _picture(rng: np.random.Generator, label: int) -> np.ndarray:
    """A bright shape on a dim ground, both of random colours, and the noise of a camera."""
    y, x = np.indices((SIDE, SIDE))
    centre, size = rng.integers(12, 20, 2), rng.integers(6, 10)
    shapes = (
        (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < size**2,
        (abs(y - centre[0]) < size) & (abs(x - centre[1]) < size),
        (x + y + rng.integers(8)) // 4 % 2 == 0,
    )
    ground, colour = rng.integers(0, 90, 3), rng.integers(120, 230, 3)
    picture = np.where(shapes[label][..., None], colour, ground) + rng.normal(0, 12, (SIDE, SIDE, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def _write(path: Path, picture: np.ndarray) -> None:
    Image.fromarray(picture).save(path, quality=95)
