"""What a device is asked for: nothing within an epoch, in pieces where its memory ends, ahead where data does not fit.

The device is PyTorch's `meta`: it computes no numbers, so whoever asks it for one fails.
"""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from core.devices import Compute, best_device, compute_for, in_pieces
from core.errors import UserError
from core.modalities.image import batches
from core.modalities.image.batches import AHEAD, Resident, augmentation, read_ahead, resident
from core.modalities.image.inputs import ImageInputs
from core.settings import DEVICE
from core.training.activations import choose, extract, layers
from core.training.compiled import compiled
from core.training.config import TrainConfig
from core.training.evaluating import evaluate, measured
from core.training.loop import build_model, train
from core.training.steps import Fitting, planned, trained

META = torch.device("meta")
CPU = Compute(torch.device("cpu"))
CONFIG = TrainConfig(epochs=2, batch_size=16, learning_rate=3e-3, precision="fp32")


class Crossings(TorchDispatchMode):
    """What goes from one device to another, and which numbers are asked for."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        before = {one.device.type for one in args if isinstance(one, torch.Tensor) and one.dim()}
        after = {result.device.type} if isinstance(result, torch.Tensor) else before
        if before - after or (func is torch.ops.aten._local_scalar_dense.default and "meta" in before):
            self.seen.append(f"{func} {sorted(before)} {sorted(after)}")
        return result


def crossings_of_an_epoch(n, augment, network=None, sharpness=0.0):
    """Everything that crosses in one epoch of n images that lie on the device, its evaluation included."""
    config = replace(CONFIG, augment=augment, sharpness=sharpness)
    with META:
        network = network or build_model(config, (16, 16, 1), 4)
        levels, labels = torch.empty(n, 16, 16, 1, dtype=torch.uint8), torch.empty(n, dtype=torch.int64)
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    inputs = Resident(ImageInputs(np.zeros((n, 16, 16, 1), np.uint8)), META, levels)
    changed = augmentation(augment)
    fitting = Fitting(config, Compute(META), network, optimizer, changed, lambda fraction: None, print)
    with Crossings() as crossings:
        trained(network, inputs, planned(n, config, changed, 0, labels), fitting, 1)
        losses, predicted = measured(network, inputs, labels, Compute(META))
    assert losses.device == predicted.device == META
    return crossings.seen


@pytest.mark.parametrize("augment", ["none", "crop_flip", "resized_crop_flip"])
def test_nothing_crosses_between_steps_and_nothing_comes_back(augment):
    few, many = crossings_of_an_epoch(32, augment), crossings_of_an_epoch(320, augment)
    # Rows for labels, draws, rows for images; rows of the evaluation.
    assert few == many == ["aten._to_copy.default ['cpu'] ['meta']"] * 4


def test_a_step_uphill_asks_the_device_for_nothing():
    assert crossings_of_an_epoch(64, "none", sharpness=0.1) == crossings_of_an_epoch(64, "none")


class Nosy(nn.Module):
    """Asks the device for a number in every forward pass."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(256, 4)

    def forward(self, batch):
        return self.head(batch.flatten(1)) * float(batch.sum())


def test_who_asks_the_device_for_a_number_is_found():
    with pytest.raises(RuntimeError, match="meta"):
        crossings_of_an_epoch(32, "none", Nosy().to_empty(device=META))


class Small(nn.Module):
    """A device whose memory holds so many samples and no more."""

    def __init__(self, network, most):
        super().__init__()
        self.network, self.most, self.sizes = network, most, []

    def forward(self, batch):
        if len(batch) > self.most:
            raise torch.OutOfMemoryError("Out of memory. Tried to allocate 2 GiB")
        self.sizes.append(len(batch))
        return self.network(batch)


def linear():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(256, 4))


def test_a_batch_that_does_not_fit_is_halved_said_and_learns_the_same(make_dataset):
    dataset, said = make_dataset(40), []
    whole, halves = linear(), Small(linear(), 5)
    expected = list(train(whole, dataset, CONFIG))
    found = list(train(halves, dataset, CONFIG, say=said.append))
    assert np.allclose(found[-1].losses, expected[-1].losses, atol=1e-5)
    assert said[:2] == [f"the device's memory is spent: batches go through it in {n} pieces" for n in (2, 4)]
    assert max(halves.sizes) <= 5
    assert sum("4 pieces" in words for words in said) == 1 + 2 * 2  # training remembers; each evaluation asks anew


def test_what_a_checkpoint_says_of_pieces_is_gone_on_with(make_dataset, tmp_path):
    dataset, said = make_dataset(40, n_test=0), []
    first = train(Small(linear(), 5), dataset, CONFIG, trace=False)
    next(first).checkpoint(tmp_path / "last.pt")
    (rest,) = train(Small(linear(), 5), dataset, CONFIG, trace=False, resume=tmp_path / "last.pt", say=said.append)
    assert (rest.index, said) == (1, [])


def test_what_does_not_fit_in_any_pieces_is_said_in_words():
    def call(pieces):
        raise torch.OutOfMemoryError("Out of memory. Tried to allocate 2 GiB. GPU 0 has")

    with pytest.raises(UserError, match=r"too little memory. Out of memory") as found:
        in_pieces(call, 1, 7, lambda words: None)
    assert "ASSAY_DEVICE=cpu" in found.value.hint


def test_activations_in_pieces_are_those_of_the_whole(make_dataset, tmp_path):
    dataset, said = make_dataset(40), []
    model = build_model(CONFIG, dataset.shape, 4)
    head = choose(layers(model, dataset.shape, 4))
    whole = extract(model, dataset.inputs, dataset.labels, head, tmp_path / "whole.npy")
    small = Small(model, 7)
    named = replace(head, name=f"network.{head.name}")
    pieces = extract(small, dataset.inputs, dataset.labels, named, tmp_path / "pieces.npy", say=said.append)
    assert (small.sizes, len(said)) == ([5] * 8, 3)
    for one, other in zip(whole, pieces, strict=True):
        assert np.allclose(one, other, atol=1e-5)


def test_batches_are_read_ahead_in_order_by_another_thread_and_no_further(make_dataset):
    readers, read = set(), []

    class Slow(ImageInputs):
        def __getitem__(self, rows):
            readers.add(threading.current_thread())
            read.append(int(rows[0]))
            return super().__getitem__(rows)

    inputs = Slow(make_dataset(90).inputs.array)
    parts = torch.arange(90).split(9)
    stream = batches.resident(inputs, CPU.device).streamed(parts)
    first = next(stream)
    assert len(read) <= AHEAD
    whole = torch.cat([first, *stream])
    assert read == list(range(0, 90, 9))
    assert threading.main_thread() not in readers
    assert not any(thread.is_alive() for thread in readers)
    assert torch.equal(whole, batches.resident(inputs, CPU.device).batch(torch.arange(90)))


def test_what_is_moved_while_the_network_works_arrives_in_order_before_it_is_used(make_dataset):
    """A device as slow as one likes: four threads read and move, later parts sooner than the first."""
    inputs, moving, arrived = make_dataset(60).inputs, threading.Barrier(4, timeout=20), []

    def move(levels):
        moving.wait()  # nobody goes on before four are on their way
        time.sleep(0.02 * (levels.sum().item() % 3))
        return levels, lambda: arrived.append(levels)

    parts = torch.randperm(60).split(15)
    for place, levels in enumerate(read_ahead(inputs, parts, move, 4)):
        assert arrived[-1] is levels
        assert len(arrived) == place + 1
        assert torch.equal(levels, torch.from_numpy(inputs[parts[place].numpy()]))
    assert len(arrived) == 4


@pytest.mark.parametrize("augment", ["none", "resized_crop_flip"])
def test_images_that_half_of_the_free_memory_does_not_hold_stay_in_their_file(tmp_path, augment):
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 256, (40, 16, 16, 1)).astype(np.uint8))
    inputs = ImageInputs(np.load(tmp_path / "images.npy", mmap_mode="r"))
    held = resident(inputs, META, free=2 * inputs.nbytes)
    moving = resident(inputs, META, free=2 * inputs.nbytes - 1)
    assert held.tensor is not None
    assert held.tensor.device == META
    assert moving.tensor is None
    config, changed = replace(CONFIG, augment=augment), augmentation(augment)
    with META:
        network, labels = build_model(config, (16, 16, 1), 4), torch.empty(40, dtype=torch.int64)
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    fitting = Fitting(config, Compute(META), network, optimizer, changed, lambda fraction: None, print)
    with Crossings() as crossings:
        assert trained(network, moving, planned(40, config, changed, 0, labels), fitting, 1) == 1
    # Rows for labels and draws go there at once; the images of three batches are moved by another thread.
    assert crossings.seen == ["aten._to_copy.default ['cpu'] ['meta']"] * 2


def test_a_reader_that_fails_and_a_loop_that_ends_early_leave_no_thread(make_dataset):
    before = threading.active_count()
    stream = batches.resident(make_dataset(90).inputs, CPU.device).streamed(torch.arange(90).split(9))
    next(stream)
    stream.close()
    assert threading.active_count() == before
    with pytest.raises(IndexError):
        list(batches.resident(make_dataset(9).inputs, CPU.device).streamed([torch.tensor([99])]))
    assert threading.active_count() == before


def test_images_on_the_device_give_the_batches_of_images_that_move(make_dataset):
    inputs, parts = make_dataset(50, channels=3).inputs, torch.randperm(50).split(16)
    held = Resident(inputs, CPU.device, torch.tensor(inputs[:]))
    for one, other in zip(held.streamed(parts), Resident(inputs, CPU.device).streamed(parts), strict=True):
        assert torch.equal(one, other)
        assert one.is_contiguous(memory_format=torch.channels_last)


def test_the_device_can_be_named(monkeypatch):
    monkeypatch.setenv(DEVICE, "cpu")
    assert best_device() == compute_for().device == torch.device("cpu")
    monkeypatch.setenv(DEVICE, "abacus")
    with pytest.raises(UserError, match=r"ASSAY_DEVICE is 'abacus'"):
        best_device()


def test_a_network_that_cannot_be_compiled_is_trained_as_it_is(make_dataset):
    said = []

    def broken(network, **options):
        def fast(batch):
            raise RuntimeError("no compiler here")

        return fast

    network = linear()
    forward = compiled(network, 8, CPU, said.append, broken)
    batch = torch.rand(8, 1, 16, 16)
    assert torch.equal(forward(batch), network(batch))
    assert torch.equal(forward(batch), network(batch))
    assert said == ["not compiled (RuntimeError): the training goes on without"]


def test_only_whole_batches_go_through_the_compiled_network():
    network = linear()
    forward = compiled(network, 8, CPU, print, lambda network, **options: lambda batch: network(batch) + 1)
    batch = torch.rand(8, 1, 16, 16)
    assert torch.equal(forward(batch), network(batch) + 1)
    assert torch.equal(forward(batch[:7]), network(batch[:7]))


def test_evaluation_leaves_the_model_on_the_device_and_its_answers_in_memory(make_dataset):
    dataset = make_dataset(20)
    losses, predicted = evaluate(linear(), dataset.inputs, dataset.labels, CPU)
    assert isinstance(losses, np.ndarray)
    assert (losses.dtype, predicted.dtype) == (np.float32, np.int64)
