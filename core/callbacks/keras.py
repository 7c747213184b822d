"""Recording a training of Keras: `model.fit(x, y, callbacks=[RecordLosses(recorder, x, y)])`."""

from typing import Any

import numpy as np
from keras.callbacks import Callback

from core.recorder import Recorder


class RecordLosses(Callback):
    """Records cross-entropies after every epoch, and at the end what the model predicts."""

    def __init__(self, recorder: Recorder, x: Any, y: Any, *, from_logits: bool = False) -> None:
        """Take a recorder, the training inputs and labels (n,); `from_logits` for a model without a softmax."""
        super().__init__()
        self.recorder, self.x, self.y, self.from_logits = recorder, x, np.asarray(y).reshape(-1), from_logits
        self.predicted = np.empty(0, np.int64)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Ask the model about every sample."""
        outputs = np.asarray(self.model.predict(self.x, verbose=0), np.float64)
        if self.from_logits:
            outputs -= outputs.max(1, keepdims=True)
            outputs = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
        chances = outputs[np.arange(len(self.y)), self.y]
        self.predicted = outputs.argmax(1)
        self.recorder.record(epoch, range(len(chances)), -np.log(np.clip(chances, 1e-12, 1.0)))

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        """Keep the predictions."""
        self.recorder.predictions(range(len(self.predicted)), self.predicted)
