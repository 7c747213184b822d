"""Training beside plain PyTorch loops, and what tracing adds to it, in seconds of the processor."""

import resource
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import torch
import typer
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import transforms

from benchmarks.on_gpu.networks import enlarged
from benchmarks.on_gpu.plain import Case, plain_epoch
from benchmarks.parts.hardware import hardware
from core.data.store.demo import demo as demo_data
from core.devices import Compute, native_bfloat16
from core.training.config import TrainConfig
from core.training.loop import train
from core.types import Dataset

CPU = torch.device("cpu")
CASE = Case("small ResNet, 32 px", "small_resnet", 32, 128)
EPOCHS = 2
LOADER = "a DataLoader's loop, float32"
HEAD = """\
| | processor s | beside the DataLoader | beside the best plain loop | with tracing, of without |
|---|---:|---:|---:|---:|"""


@dataclass(frozen=True)
class Way:
    """One way to train.

    Attributes:
        title: in words.
        plain: the title of the best plain loop in the same precision; "" for the plain loops themselves.
        alone: the title of the same training without tracing; "" where nothing is traced.
        seconds: of the processor for all epochs, its workers' included.
    """

    title: str
    plain: str
    alone: str
    seconds: float


def training(
    images: Annotated[int, typer.Option(help="Images that are trained on.")] = 4_096,
    repeats: Annotated[int, typer.Option(help="Rounds of all ways in turn; the quickest of each counts.")] = 2,
) -> None:
    """Training of a small ResNet beside a DataLoader's loop and the best plain loop, with and without tracing."""
    torch.set_num_threads(1)  # threads that wait for each other take the processor, too
    typer.echo(training_table(images, repeats))


def training_table(images: int, repeats: int, case: Case = CASE) -> str:
    """All ways as Markdown."""
    dataset = enlarged(demo_data(), case.side, images)
    kinds = [False, *([True] if native_bfloat16(CPU) else [])]
    rounds = [list(_ways(dataset, case, kinds)) for _ in range(repeats)]
    best = [min(each, key=lambda way: way.seconds) for each in zip(*rounds, strict=True)]
    seconds = {way.title: way.seconds for way in best}
    about = f"{images:,} images, {EPOCHS} epochs, {case.title}, batches of {case.batch}; best of {repeats}, in turn"
    lines = [f"{hardware()}; {about}.", "", HEAD]
    for way in best:
        ratios = [f"{seconds[LOADER] / way.seconds:.2f} ×"]
        ratios.append(f"{seconds[way.plain] / way.seconds:.2f} ×" if way.plain else "")
        ratios.append(f"{way.seconds / seconds[way.alone]:.2f} ×" if way.alone else "")
        lines.append(f"| {way.title} | {way.seconds:.1f} | {' | '.join(ratios)} |")
    return "\n".join(lines)


def _ways(dataset: Dataset, case: Case, kinds: Sequence[bool]) -> Iterator[Way]:
    yield Way(LOADER, "", "", _spent(lambda: _by_loader(dataset, case)))
    for bf16 in kinds:
        kind = "bfloat16" if bf16 else "float32"
        config = TrainConfig(case.name, EPOCHS, case.batch, precision="bf16" if bf16 else "fp32")
        levels, labels, compute = torch.tensor(dataset.inputs[:]), torch.tensor(dataset.labels), Compute(CPU, bf16)
        plain, ours = f"the best plain loop, {kind}", f"Assay, {kind}"
        yield Way(plain, "", "", _spent(partial(plain_epoch, case, levels, labels, compute, EPOCHS)))
        yield Way(ours, plain, "", _spent(partial(_ours, dataset, case, config)))
        yield Way(f"{ours}, all losses traced", "", ours, _spent(partial(_ours, dataset, case, config, trace=True)))


def _ours(dataset: Dataset, case: Case, config: TrainConfig, *, trace: bool = False) -> None:
    for _ in train(case.network(), dataset, config, trace=trace):
        pass


def _by_loader(dataset: Dataset, case: Case) -> None:
    """What a tutorial does: two workers, torchvision's transforms, float32."""
    convert, network = transforms.ToTensor(), case.network().train()
    pictures = [(image, int(label)) for image, label in zip(dataset.inputs[:], dataset.labels, strict=True)]
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=1e-4)

    def together(some: list[tuple[Any, int]]) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.stack([convert(image) for image, _ in some]), torch.tensor([label for _, label in some])

    for _ in range(EPOCHS):
        for batch, labels in DataLoader(pictures, case.batch, shuffle=True, num_workers=2, collate_fn=together):  # type: ignore[arg-type]
            optimizer.zero_grad()
            F.cross_entropy(network(batch), labels).backward()
            optimizer.step()


def _spent(call: Callable[[], object]) -> float:
    """Seconds of the processor, those of workers that have ended included."""
    before = _used()
    call()
    return _used() - before


def _used() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)
