"""Recording a training of Hugging Face's Trainer: `Trainer(…, callbacks=[RecordLosses(recorder, loader)])`."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from transformers import TrainerCallback

from core.recorder import Recorder


class RecordLosses(TrainerCallback):
    """Records cross-entropies after every epoch, and at the end what the model predicts."""

    def __init__(self, recorder: Recorder, loader: Iterable[Mapping[str, Any]]) -> None:
        """Take a recorder, and batches with `labels` of all training samples in their order: `shuffle=False`."""
        self.recorder, self.loader, self.predicted = recorder, loader, torch.empty(0)

    @torch.no_grad()
    def on_epoch_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        """Ask the model about every sample."""
        model.eval()
        outputs, losses = [], []
        for batch in self.loader:
            given = {key: value.to(model.device) for key, value in batch.items()}
            labels = given.pop("labels")
            logits = model(**given).logits
            losses.append(torch.nn.functional.cross_entropy(logits, labels, reduction="none"))
            outputs.append(logits.argmax(1))
        model.train()
        self.predicted, values = torch.cat(outputs), torch.cat(losses)
        self.recorder.record(round(state.epoch) - 1, range(len(values)), values)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Keep the predictions."""
        self.recorder.predictions(range(len(self.predicted)), self.predicted)
