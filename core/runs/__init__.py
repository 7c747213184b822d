"""Run directories: the only channel between a worker and the screen.

`<workspace>/runs/<yyyymmdd-hhmmss>-<data set>-<4 hex>/` holds:

| file | content |
|---|---|
| `run.json` | schema, versions, device, config, fingerprint, parent, plan, finished stages; written under `run.lock` |
| `losses.npy` | (n, epochs) float32, eval mode, NaN for epochs to come |
| `history.json` | one entry an epoch |
| `checkpoint/last.pt` | while training: to go on after a kill, read with `weights_only=True` |
| `model.safetensors` `layers.json` | the trained model and its layers |
| `loaded.json` `initial.safetensors` `model.onnx` | of a model from elsewhere: origin, first weights, graph |
| `recorded.json` | of a training elsewhere: which files were read, and what was left out or filled |
| `activations.npy` `predictions.npy` `final_losses.npy` | (n, d), (n,), (n,) |
| `speaking.npy` | of texts: (words of all, 2) how much each word speaks for the given and the predicted class |
| `detections/<name>.npz` `.json` | suspicion, flagged, groups, p-values, each signal's part; settings, notes |
| `rules.json` | the rule that a person chose for a detector, where it is not the detector's own |
| `families.json` `.npy` `family-pictures.npy` | what is flagged, grouped by the attack it seems to come from |
| `decision.json` `.npy` `decision-pictures.npy` `decision-triggers.npz` | what was decided; the recovered triggers |
| `estimates.json` | of a repair: what the recovered triggers of the run before do to both models |
| `reclassification.json` `.npy` | what a model that never saw the suspect clusters makes of them |
| `map-<scope>-<method>.npy` | (n, 2) |
| `outcome.json` | clean accuracy, attack success rates at once and twice the strength, the list of trials |
| `trial-classes.npy` `trial-shares.npy` | (trials, m, 3): the likeliest classes of each test image with each trigger |
| `recovered-trials.json` `-classes.npy` `-likely.npy` | (g, m, 3): the same with each recovered trigger |
| `recovered-trials-of-parent…` | of a repair: its answers to the triggers of the run that it repairs |
| `changes.json` | of a repair: what it leaves out and relabels, and the revision it was trained on |
| `checksums.json` `checksums.lock` | what each finished file was, which `core/checksums.py` compares |
| `progress.json` `progress.lock` `worker.lock` `worker.json` `worker.log` `worker.empty/` | the job |

Files are written under a temporary name and renamed, and a stage counts only once `run.json` says so. All but
`run.json` can be made again. A worker holds a lock on the run for as long as it lives. So "is it alive?" has a true
answer after a SIGKILL, and two workers never write to one run. A lock, since process numbers are reused and locks
vanish with their holder.

Every epoch draws its randomness from (seed, epoch) alone, so a resumed run repeats an uninterrupted one bit for bit.
A run that inspects a model from elsewhere has a model but no trajectories (`Run.has_model`, `Run.traced`). A run of a
training that was recorded elsewhere has no model, and what was recorded (`Run.recorded`, `Run.has_activations`).

A worker's current folder is an empty one, and `environment.py` says which variables it gets: it reads strangers' files.
That hides secrets from a file that names others. It is no sandbox: a worker has the rights of the account.
"""

from core.runs.artifacts import (
    about_detection,
    detections,
    history,
    layers,
    loaded,
    outcome,
    recorded,
    rules,
    save_array,
    save_detection,
    save_json,
    save_rule,
    sorted_detections,
    trials,
)
from core.runs.directory import (
    all_runs,
    children,
    create,
    damaged_runs,
    first_of,
    from_scratch,
    open_run,
    read_changes,
    revision_of,
    sweep_unfinished,
)
from core.runs.run import Run, change, current, finish_stage, give_up, update

__all__ = [
    "Run",
    "about_detection",
    "all_runs",
    "change",
    "children",
    "create",
    "current",
    "damaged_runs",
    "detections",
    "finish_stage",
    "first_of",
    "from_scratch",
    "give_up",
    "history",
    "layers",
    "loaded",
    "open_run",
    "outcome",
    "read_changes",
    "recorded",
    "revision_of",
    "rules",
    "save_array",
    "save_detection",
    "save_json",
    "save_rule",
    "sorted_detections",
    "sweep_unfinished",
    "trials",
    "update",
]
