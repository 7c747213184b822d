"""The stage that draws the maps."""

import numpy as np

from core import projection, runs
from core.runs import Run
from core.samples import training_data
from core.stages.reporting import Reporter


def maps_stage(run: Run, method: str, reporter: Reporter) -> None:
    """The maps of one method: all activations, each class by itself, and the loss trajectories where there are any."""
    features, seed = np.asarray(run.array("activations")), int(run.config["seed"])
    dataset = training_data(run)
    runs.save_array(run, f"map-all-{method}", projection.project(features, method, seed))
    reporter.update(0.4, "all classes together")
    by_class = projection.project_classes(features, dataset.labels, dataset.n_classes, method, seed)
    runs.save_array(run, f"map-class-{method}", by_class)
    reporter.update(0.8, "each class by itself")
    if run.traced:
        trajectories = projection.logit_trajectories(np.asarray(run.array("losses")))
        runs.save_array(run, f"map-trajectories-{method}", projection.project(trajectories, method, seed))
