"""A workspace: what is in it, as frames, and what comes into it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core import pipeline, runs
from core.api.run import RunView
from core.attacks.specification import Specification, parse_spec
from core.data import store
from core.evaluation import results
from core.pipeline.recorded import RecordedRequest
from core.runs import jobs
from core.training.config import TrainConfig


@dataclass(frozen=True)
class Assay:
    """A workspace and what is in it.

    Attributes:
        workspace: its folder; one that is not there is made when something comes into it.

    >>> import tempfile
    >>> assay = Assay(tempfile.mkdtemp())
    >>> len(assay.datasets), len(assay.runs)
    (0, 0)
    """

    workspace: str | Path = "workspace"

    @property
    def folder(self) -> Path:
        """The workspace as a path."""
        return Path(self.workspace)

    @property
    def datasets(self) -> pd.DataFrame:
        """One row per data set, newest first, by id: name, modality, n, n_test, n_bona_fide, classes, attacks."""
        rows = [
            {
                "dataset": info.id,
                "name": info.name,
                "modality": info.modality,
                "n": info.n,
                "n_test": info.n_test,
                "n_bona_fide": info.n_bona_fide,
                "classes": list(info.class_names),
                "attacks": [attack.name for attack in store.planted_attacks(info)],
            }
            for info in store.describe_all(self.folder)
        ]
        columns = ["dataset", "name", "modality", "n", "n_test", "n_bona_fide", "classes", "attacks"]
        return pd.DataFrame(rows, columns=columns).set_index("dataset")

    @property
    def runs(self) -> pd.DataFrame:
        """One row per run, newest first, by id: name, dataset, state, parent, then accuracy and attack success."""
        rows = [
            {
                "run": run.id,
                "name": run.name,
                "dataset": run.dataset,
                "state": jobs.poll(run.path).state,
                "parent": run.parent,
                **results.outcome_figures(run),
            }
            for run in runs.all_runs(self.folder)
        ]
        columns = None if rows else ["run", "name", "dataset", "state", "parent"]
        return pd.DataFrame(rows, columns=columns).set_index("run")

    def import_data(
        self, path: str | Path, *, name: str | None = None, bona_fide: str | Path | None = None, **settings: Any
    ) -> str:
        """Copy the data at `path` into the workspace; the id of the data set.

        Args:
            path: whatever the Data page opens.
            name: what to call it.
            bona_fide: a file of the samples known to be clean, by row or name, one a line.
            settings: of the data source, such as `label_column="stars"`; `source="table"` says which it is.

        Raises:
            UserError: it cannot be read.
        """
        source = settings.pop("source", None)
        trusted = None if bona_fide is None else Path(bona_fide)
        return pipeline.import_dataset(
            self.folder, Path(path).absolute(), name, trusted, source=source, settings=settings
        ).id

    def attack(self, dataset: str, *specs: str, seed: int = 0) -> str:
        """Plant attacks in a copy of a data set, such as "patch:ratio=0.05,target=3"; the id of the copy.

        Raises:
            UserError: an unknown attack or setting.
        """
        dataset = pipeline.whole_id("dataset", dataset, self.folder)
        return pipeline.attack(self.folder, dataset, Specification(tuple(map(parse_spec, specs)), seed)).id

    def train(self, dataset: str, *, detect: bool = True, **config: Any) -> RunView:
        """Train a model on a data set here and now, run the detectors and draw the maps.

        Args:
            dataset: its id, the beginning of it, its name, or latest.
            detect: whether detectors and maps follow.
            config: fields of `core.training.config.TrainConfig`, such as model, epochs, seed.

        Raises:
            UserError: there is no such data set, or no such configuration.
        """
        dataset = pipeline.whole_id("dataset", dataset, self.folder)
        if "model" not in config:
            suited = pipeline.usual_model(self.folder, dataset)
            config = {"model_settings": suited.settings, **config, "model": suited.name}
        plan = pipeline.full_plan(store.describe(self.folder, dataset), self.folder) if detect else pipeline.CORE_PLAN
        run = pipeline.new_run(self.folder, dataset, TrainConfig(**config), plan=plan)
        return RunView(self.folder, pipeline.work(run).id)

    def load_recorded(self, dataset: str, *, name: str = "", **files: str | Path) -> RunView:
        """Look at a training that took place elsewhere, run the detectors and draw the maps.

        Args:
            dataset: that it was trained on, in the same order.
            name: what to call the run.
            files: of what was recorded: recording, losses, activations, predictions, probabilities.

        Raises:
            UserError: a file cannot be read, or is of other data.
        """
        dataset = pipeline.whole_id("dataset", dataset, self.folder)
        named = {kind: str(Path(path).absolute()) for kind, path in files.items()}
        run = pipeline.load_recorded(self.folder, RecordedRequest(dataset, name=name, **named))
        return RunView(self.folder, pipeline.work(run).id)

    def run(self, run: str = "latest") -> RunView:
        """A run of the workspace, by its id, the beginning of it, its name, or latest.

        Raises:
            UserError: there is no such run.
        """
        return RunView(self.folder, runs.open_run(self.folder, pipeline.whole_id("run", run, self.folder)).id)

    def describe(self, dataset: str = "latest") -> Mapping[str, Any]:
        """All that is kept about a data set, as plain data. Raises UserError where there is none such."""
        return asdict(store.describe(self.folder, pipeline.whole_id("dataset", dataset, self.folder)))
