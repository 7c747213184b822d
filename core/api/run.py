"""One run: what is known of its samples, as frames; figures; and what people decide about it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import pipeline, runs
from core.analysis.detector_table import detector_table
from core.analysis.families import families, title
from core.analysis.opened_run import OpenedRun, leading, opened
from core.errors import UserError
from core.evaluation import results
from core.journal import review
from core.output import clean_copy, export, figures, report
from core.output.tools import everything
from core.runs import Run

ME = os.environ.get("USER", "python")


@dataclass(frozen=True)
class RunView:
    """One run of a workspace; each look at it shows it as it is now.

    Attributes:
        workspace: that it lies in.
        id: of the run.
    """

    workspace: Path
    id: str

    @property
    def run(self) -> Run:
        """What `run.json` says."""
        return runs.open_run(self.workspace, self.id)

    @property
    def opened(self) -> OpenedRun:
        """The run with its data and detections, for functions of `core.analysis`."""
        return opened(self.run)

    @property
    def samples(self) -> pd.DataFrame:
        """One row per sample by id: name, labels, losses, what each detector says, verdict, places on the maps."""
        return everything(self.opened).set_index("id")

    @property
    def detections(self) -> pd.DataFrame:
        """One row per detector by name: whether it ran or can run, what it flags, by which rule."""
        return detector_table(self.opened).set_index("name")

    @property
    def families(self) -> pd.DataFrame:
        """One row per family of flagged samples by number: title and size."""
        names, found = self.opened.data.class_names, families(self.run)
        rows = [{"family": one.id, "title": title(one, names), "size": one.size} for one in found]
        return pd.DataFrame(rows, columns=["family", "title", "size"]).set_index("family")

    @property
    def decisions(self) -> pd.DataFrame:
        """The journal: one row per decision that was ever made on the run, oldest first, with the sample's name."""
        rows = pipeline.journal_rows(self.run)
        return pd.DataFrame(rows, columns=None if rows else list(map(str, review.journal(self.workspace, self.id))))

    @property
    def outcome(self) -> pd.Series:
        """Clean accuracy and, where the triggers are known, attack success rates, in [0, 1]."""
        return pd.Series(results.outcome_figures(self.run), name=self.id, dtype=object)

    def detect(self, name: str, **settings: Any) -> pd.Series:
        """Run one detector now; what it found. Raises UserError where something it needs is missing."""
        return pd.Series(pipeline.detect(self.run, name, settings), name=name, dtype=object)

    def decide(
        self, ids: Sequence[int], decision: str, *, new_label: int | None = None, reason: str = "", reviewer: str = ME
    ) -> int:
        """Record a decision on samples, given by id: exclude, keep, relabel or mark; returns how many.

        Raises:
            UserError: an unknown decision or sample.
        """
        known = set(self.opened.data.ids.tolist())
        if unknown := [sample for sample in ids if sample not in known]:
            raise UserError(f"There is no sample {unknown[0]}.", "Samples go by their ids.", "See samples.index.")
        return pipeline.decide(self.run, ids, decision, new_label=new_label, reviewer=reviewer, reason=reason)

    def repair(self, how: str = "retrain", *, reviewer: str = ME, **settings: Any) -> "RunView":
        """Train again on what the decisions leave, here and now; the run of it. Raises UserError as Repair does."""
        child = pipeline.new_repair(self.run, how, reviewer=reviewer, **settings)
        return RunView(self.workspace, pipeline.work(child).id)

    def export(self, to: str | Path, what: str = "samples") -> int:
        """Write what is known of the samples to a file; the number of rows. Raises UserError where it cannot be."""
        return export.write_export(self.opened, what, Path(to))

    def copy_clean(self, to: str | Path, files: str | None = None) -> dict[str, Any]:
        """Copy the data without what was excluded; what was copied. Raises UserError where it cannot be."""
        chosen = None if files is None else clean_copy.files_of(files)
        return dict(clean_copy.write_clean_copy(self.opened, Path(to), files=chosen))

    def report(self, to: str | Path) -> int:
        """Write the report as one HTML file; its bytes."""
        return report.write_report(self.run, Path(to))

    def curves(self, quantity: str = "loss") -> go.Figure:
        """The curves of `loss` or `accuracy` over the epochs."""
        return figures.learning_curves(runs.history(self.run), quantity, int(self.run.config["epochs"]))

    def suspicion_figure(self, detector: str = "") -> go.Figure:
        """How many samples are how suspicious, beside bona fide ones; by default to the leading detector.

        Raises:
            UserError: it has not been run.
        """
        now = self.opened
        name = detector or next(iter(leading(now.detections)), "")
        if name not in now.detections:
            known = ", ".join(now.detections) or "none"
            raise UserError(f"{name or 'A detector'} has not been run.", f"Run so far: {known}.", "Run it first.")
        found = now.detections[name]
        return figures.suspicion_histogram(found.suspicion, found.flagged, now.bona_fide)

    def map_figure(self, scope: str = "all", method: str = "pca", colour: str = "flagged") -> go.Figure:
        """A map of the samples, which shows the name of each on hover.

        Args:
            scope: all, class or trajectories.
            method: pca, ica or umap.
            colour: a column of `samples`, such as class_name, verdict or flagged.

        Raises:
            UserError: there is no such map, or no such column.
        """
        table, x, y = self.samples, f"{scope}_{method}_x", f"{scope}_{method}_y"
        if lacking := [name for name in (x, y, colour) if name not in table]:
            raise UserError(
                f"There is no column {lacking[0]!r}.", f"There are: {', '.join(map(str, table))}.", "Take another."
            )
        return figures.places(table[x], table[y], table[colour], table["name"])
