"""A well-written plain PyTorch loop to compare with, the networks, and what the card can do at best."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.on_gpu.measuring import settle, took
from core.devices import Compute
from core.training.config import TrainConfig
from core.training.loop import build_model

CLASSES = 10


@dataclass(frozen=True)
class Case:
    """One network at one size.

    Attributes:
        title: in words.
        name: of the architecture.
        side: of the images in pixels.
        batch: images in a training step.
        at_once: images in a forward pass of the plain evaluation.
        compiled: whether the compiled network is measured, too; compiling takes a minute.
    """

    title: str
    name: str
    side: int
    batch: int
    at_once: int = 1000
    compiled: bool = False

    def network(self, seed: int = 0) -> nn.Module:
        """The untrained network for ten classes; ResNet-50 has the stem of small images up to 64 px."""
        shape = (self.side, self.side, 3)
        if self.name != "resnet50":
            return build_model(TrainConfig(self.name, seed=seed), shape, CLASSES)
        torch.manual_seed(seed)
        network: nn.Module = torchvision.models.resnet50(num_classes=CLASSES)
        if self.side <= 64:
            network.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
            network.maxpool = nn.Identity()
        return network


def plain_epoch(case: Case, levels: Tensor, labels: Tensor, compute: Compute, epochs: int) -> float:
    """Seconds of the last of some epochs of a loop that holds uint8 images (n, h, w, c) on the device.

    Channels last, bfloat16 where the device has it, fused AdamW: what anybody would write who knows how.
    """
    network = case.network().to(compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=1e-4, fused=compute.on_gpu or None)
    network.train()

    def epoch() -> None:
        for rows in torch.randperm(len(levels), device=compute.device).split(case.batch):
            batch = levels[rows].permute(0, 3, 1, 2).float().div_(255)
            with compute.autocast():
                loss = F.cross_entropy(network(batch), labels[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    with torch.backends.cudnn.flags(enabled=True, benchmark=True):
        for _ in range(epochs - 1):
            epoch()
        return took(epoch, compute.device).seconds


def plain_evaluation(case: Case, network: nn.Module, levels: Tensor, compute: Compute) -> float:
    """Seconds of a forward pass over all images in eval mode."""
    network.eval()

    def whole() -> None:
        with torch.inference_mode(), compute.autocast():
            for part in levels.split(case.at_once):
                network(part.permute(0, 3, 1, 2).float().div_(255)).argmax(1)

    with torch.backends.cudnn.flags(enabled=True, benchmark=True):
        whole()
        return took(whole, compute.device).seconds


def products_per_image(case: Case, *, training: bool) -> float:
    """Floating point operations of one image through the network, of its backward pass too when training."""
    network = case.network().to("meta")
    batch = torch.empty(2, 3, case.side, case.side, device="meta")
    with FlopCounterMode(display=False) as counter:
        outputs = network(batch)
        if training:
            outputs.sum().backward()
    return float(counter.get_total_flops()) / 2


def peaks(compute: Compute, size: int) -> tuple[float, float]:
    """Operations a second of a matrix product and of a 3 × 3 convolution, at sizes that suit the device best.

    Args:
        compute: where and how precisely.
        size: side of the matrices; the convolution has about as many operations.
    """
    kind = torch.bfloat16 if compute.bf16 else torch.float32
    one, other = (torch.randn(size, size, device=compute.device, dtype=kind) for _ in range(2))
    channels, side = 256, 32
    images = max(1, size**3 // 2**30)
    batch = torch.randn(images, channels, side, side, device=compute.device, dtype=kind)
    batch = batch.contiguous(memory_format=torch.channels_last)
    weights = torch.randn(channels, channels, 3, 3, device=compute.device, dtype=kind)
    weights = weights.contiguous(memory_format=torch.channels_last)
    matrix = _fastest(lambda: one @ other, compute)
    convolution = _fastest(lambda: F.conv2d(batch, weights, padding=1), compute)
    return 2 * size**3 / matrix, 2 * images * side**2 * channels**2 * 9 / convolution


def _fastest(call: Callable[[], Tensor], compute: Compute, rounds: int = 3, each: int = 5) -> float:
    """Seconds of one call, from the fastest of some rounds of several."""
    call()
    settle(compute.device)
    found = [took(lambda: [call() for _ in range(each)], compute.device).seconds / each for _ in range(rounds)]
    return min(found)
