"""Recording a training of Lightning: `Trainer(callbacks=[RecordLosses(recorder, loader)])`."""

from collections.abc import Iterable
from typing import Any

import torch

try:
    from lightning.pytorch import Callback
except ImportError:
    from pytorch_lightning import Callback

from core.recorder import Recorder


class RecordLosses(Callback):
    """Records cross-entropies after every epoch, and at the end what the model predicts."""

    def __init__(self, recorder: Recorder, loader: Iterable[Any]) -> None:
        """Take a recorder, and batches (inputs, labels) of all training samples in their order: `shuffle=False`."""
        super().__init__()
        self.recorder, self.loader, self.predicted = recorder, loader, torch.empty(0)

    @torch.no_grad()
    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Ask the model about every sample."""
        pl_module.eval()
        outputs, losses = [], []
        for inputs, labels in self.loader:
            logits = pl_module(inputs.to(pl_module.device))
            losses.append(torch.nn.functional.cross_entropy(logits, labels.to(logits.device), reduction="none"))
            outputs.append(logits.argmax(1))
        pl_module.train()
        self.predicted, values = torch.cat(outputs), torch.cat(losses)
        self.recorder.record(trainer.current_epoch, range(len(values)), values)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Keep the predictions."""
        self.recorder.predictions(range(len(self.predicted)), self.predicted)
