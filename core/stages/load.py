"""Models from files: opened, met with an architecture, tried on one image, and written into a run."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_model, save_model
from torch import nn

from core import checksums, runs
from core.analysis.opened_run import OpenedRun
from core.errors import UserError
from core.files import write_file, writing
from core.modalities import modality_of
from core.models.fit import has_fresh_head, take_weights
from core.models.preprocessing import network_of
from core.models.weight_files import kind_of, require_onnx
from core.models.weights import read_weights
from core.models.word_vectors import read_vectors
from core.runs import Run, limits
from core.stages.progress import Reporter
from core.training import activations
from core.training.config import TrainConfig, restored
from core.training.loop import build_model, preprocessed
from core.types import GRAPH, Dataset

MODEL = "model.safetensors"
INITIAL = "initial.safetensors"  # the weights that a training began with
ONNX = "model.onnx"


@dataclass(frozen=True)
class Opened:
    """A model from a file, ready for a run.

    Attributes:
        config: as it was asked for, with the size that the file itself asks for.
        model: behind its preprocessing, in eval mode.
        notes: in words, what was not taken over as it is.
        fresh_head: whether its predictions mean nothing until it is trained.
        graph: the content of an ONNX graph; None for weights.
    """

    config: TrainConfig
    model: nn.Module
    notes: list[str]
    fresh_head: bool = False
    graph: bytes | None = None


def open_model(config: TrainConfig, shape: tuple[int, ...], n_classes: int, layer: str | None = None) -> Opened:
    """The model in the file `config.weights`, tried on one image.

    Raises:
        UserError: the file is refused, it does not fit the architecture, the model cannot take such images, or it has
            no such layer to read activations from.
    """
    path = Path(config.weights)
    if config.model == GRAPH:
        require_onnx()
        from core.models.graphs import Graph, import_graph

        graph, notes = import_graph(path, n_classes)
        config = replace(config, input_size=config.input_size or Graph(graph).size)
        opened = Opened(config, _graph(graph, config, shape), notes, graph=graph)
    else:
        kind_of(path)  # a file that is refused is refused before an architecture is built for it
        model = build_model(config, shape, n_classes)
        weights, notes = read_weights(path, network_of(model).state_dict())
        notes += take_weights(network_of(model), weights, n_classes, config.model)
        opened = Opened(config, model.eval(), notes, fresh_head=has_fresh_head(notes))
    activations.choose(activations.layers(opened.model, shape, n_classes), layer)
    return opened


def with_vectors(config: TrainConfig, dataset: Dataset) -> Opened:
    """An untrained model that knows the words of the training data, with the vectors of the file `config.embeddings`.

    Raises:
        UserError: the file is refused, or the architecture reads no words.
    """
    from core.models.given_vectors import give, known_words  # a machine that reads no texts may lack what they need

    path = Path(config.embeddings)
    known = known_words(_reading(config, dataset))
    found = read_vectors(path, known)
    width = found.values.shape[1]
    settings = {**dict(config.model_settings), "embedding": width}
    config = replace(config, model_settings=tuple(settings.items()))
    model = _reading(config, dataset)
    give(model, found)
    words = f"{len(found.numbers):,} of {len(known):,} known words begin with a vector of {path.name}"
    return Opened(config, model, [f"{words}, {width} numbers each."])


def with_folder(config: TrainConfig, shape: tuple[int, ...], n_classes: int) -> Opened:
    """The transformer in the folder `config.folder`, with a head from the seed.

    Raises:
        UserError: the folder is refused, or what is in it does not fit together.
    """
    from core.models.pretrained.transformer_folder import (
        read_folder,
    )  # a machine that reads no texts may lack tokenizers
    from core.models.pretrained.transformer_weights import begin_with

    folder = read_folder(Path(config.folder))
    settings = {**dict(config.model_settings), "architecture": folder.architecture}
    config = replace(config, model_settings=tuple(settings.items()))
    model = build_model(config, shape, n_classes)
    return Opened(config, model, begin_with(model, folder))


def opened_from(config: TrainConfig, dataset: Dataset, layer: str | None) -> Opened:
    """The model that a configuration names something to begin with for. Raises UserError where that is refused."""
    if config.embeddings:
        return with_vectors(config, dataset)
    if config.folder:
        return with_folder(config, dataset.shape, dataset.n_classes)
    return open_model(config, dataset.shape, dataset.n_classes, layer)


def _reading(config: TrainConfig, dataset: Dataset) -> nn.Module:
    """An untrained model that was told of its training data."""
    model = build_model(config, dataset.shape, dataset.n_classes)
    modality_of(dataset.inputs).load_batches().begin(model, dataset.inputs)
    return model


def save_opened(run: Run, opened: Opened) -> None:
    """Write the model into the run, and what is known of it: the file that it came from is not needed any more."""
    if opened.graph is not None:
        content = opened.graph
        with checksums.rewriting(run.path, ONNX):
            write_file(run.path / ONNX, lambda stream: stream.write(content))
    else:
        save_weights(run, opened.model, MODEL if run.model_stage == "load" else INITIAL)
    named = Path(opened.config.source)
    path = named / MODEL if opened.config.folder else named  # it has the same name there
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    about = {"file": named.name, "bytes": path.stat().st_size, "sha256": digest, "notes": opened.notes}
    parameters = sum(parameter.numel() for parameter in opened.model.parameters())
    runs.save_json(run, "loaded.json", about | {"parameters": parameters, "fresh_head": opened.fresh_head})


def save_weights(run: Run, model: nn.Module, name: str = MODEL) -> None:
    """Write the weights of a model into the run."""
    temporary = run.path / f"{name}.tmp"
    with writing(run.path / name), checksums.rewriting(run.path, name):
        try:
            save_model(model.cpu(), str(temporary))
            temporary.replace(run.path / name)
        except SafetensorError as error:
            number = re.search(r"os error (\d+)", str(error))
            raise (OSError(int(number[1]), str(error)) if number else error) from None
        finally:
            temporary.unlink(missing_ok=True)


def trained_model(run: Run, dataset: Dataset) -> nn.Module:
    """The run's model, trained here or loaded, its weights read from safetensors."""
    config = restored(run.config)
    if config.model == GRAPH:
        with _usable(run, ONNX) as path:
            return _graph(path.read_bytes(), config, dataset.shape)
    model = build_model(config, dataset.shape, dataset.n_classes)
    with _usable(run, MODEL) as path:
        load_model(model, path)
    return model


def beginning(run: Run, config: TrainConfig, dataset: Dataset) -> nn.Module:
    """What training begins with: weights drawn from the seed, or those that were loaded to be trained on.

    A repair begins where the run that it goes back to began. A model that was only inspected is not where a repair
    begins: it may carry the backdoor.
    """
    model = build_model(config, dataset.shape, dataset.n_classes)
    first = runs.first_of(run)
    if first.has(INITIAL):
        with _usable(first, INITIAL) as path:
            load_model(model, path)
    return model


@contextmanager
def _usable(run: Run, file: str) -> Iterator[Path]:
    """Where the file of a model lies, to be read in here. Raises UserError where it is damaged."""
    run.require_intact(file)
    try:
        yield run.path / file
    except UserError:
        raise
    except Exception as error:  # damaged bytes can break a reader in any way there is
        raise run.damaged(file, checksums.why(error)) from error


def _graph(content: bytes, config: TrainConfig, shape: tuple[int, ...]) -> nn.Module:
    require_onnx()
    from core.models.graphs import Graph  # of packages that not everybody has

    graph = Graph(content)
    if graph.channels not in (1, 3) or (graph.channels == 1 and shape[2] == 3):
        title = f"The graph takes {graph.channels} channels, the images have {shape[2]}."
        raise UserError(title, "Grey is repeated for colour, but colour is not made grey.", "Choose other data.")
    return preprocessed(graph, config, graph.channels, shape[2]).eval()


def load_stage(opened: OpenedRun, _: str, __: Reporter) -> None:
    """Read the model from its file once more, where that was cut short; within the limits that held the first time."""
    run, dataset = opened.run, opened.data
    config = restored(run.config)
    # Not as a job that does nothing else: later stages go on in this process, and a limit that kills cannot be lifted.
    with limits.confined(Path(config.source)):
        read = opened_from(config, dataset, run.layer)
    save_opened(run, read)
