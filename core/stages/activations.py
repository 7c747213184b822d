"""The stage that takes the activations of the last hidden layer."""

from dataclasses import asdict

from core import checksums, runs
from core.analysis.opened_run import OpenedRun
from core.analysis.samples import SPEAKING
from core.modalities import modality_of
from core.stages.load import trained_model
from core.stages.progress import Reporter
from core.training import activations


def activations_stage(opened: OpenedRun, _: str, reporter: Reporter) -> None:
    """Last-layer activations, predictions and final losses of every training sample."""
    run, dataset = opened.run, opened.data
    model = trained_model(run, dataset)
    layers = activations.layers(model, dataset.shape, dataset.n_classes)
    runs.save_json(run, "layers.json", [asdict(layer) for layer in layers])
    layer = activations.choose(layers, run.layer)
    short: list[str] = []

    def on_batch(fraction: float) -> None:
        done = f"{fraction * len(dataset):,.0f} of {len(dataset):,} samples"
        reporter.update(fraction, "; ".join([done, *short[-1:]]))

    with checksums.rewriting(run.path, "activations.npy"):
        _features, predicted, losses = activations.extract(
            model,
            dataset.inputs,
            dataset.labels,
            layer,
            run.path / "activations.npy",
            on_batch=on_batch,
            say=short.append,
        )
    runs.save_array(run, "predictions", predicted)
    batches = modality_of(dataset.inputs).load_batches()
    if (speaking := batches.speaking(model, dataset.inputs, dataset.labels, predicted)) is not None:
        runs.save_array(run, SPEAKING, speaking)
    runs.save_array(run, "final_losses", losses)
