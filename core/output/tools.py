"""What is known of a run's samples, in the forms that other tools read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.analysis.opened_run import OpenedRun
from core.analysis.samples import review_table, suspected, suspects
from core.data import store
from core.data.store.sample_names import is_file_name
from core.errors import UserError
from core.journal.review import Notes, notes
from core.journal.review.notes import BETWEEN, listed, tagged, tags_of
from core.runs.plan import of_kind

SCRIPT = '''"""Fields of Assay on a FiftyOne data set: python {file}. Needs `pip install fiftyone`."""

import json

import fiftyone as fo

SAMPLES = {samples}

dataset = fo.Dataset({name})
samples = []
for entry in SAMPLES:
    sample = fo.Sample(filepath=entry["filepath"])
    sample["ground_truth"] = fo.Classification(label=entry["label"])
    if entry["predicted"]:
        sample["predictions"] = fo.Classification(label=entry["predicted"])
    sample["tags"] = entry["tags"]
    for field in ("suspicion", "flagged", "verdict"):
        sample[field] = entry[field]
    samples.append(sample)
dataset.add_samples(samples)
if __name__ == "__main__":
    fo.launch_app(dataset).wait()
'''


def noted(opened: OpenedRun, table: pd.DataFrame) -> pd.DataFrame:
    """The table of all samples with what people wrote of them: `tags`, `comments`; as it is where nobody wrote.

    The tags of a family or group are those of its samples.
    """
    said, tags = notes(opened.run.workspace, opened.run.id), _tags(opened)
    if not said and not tags:
        return table
    own = [said.get(int(sample), Notes()) for sample in opened.data.ids]
    comments = ["\n".join(f"{one.reviewer}: {one.text}" for one in each.comments) for each in own]
    return table.assign(tags=[BETWEEN.join(tags.get(int(id_), ())) for id_ in opened.data.ids], comments=comments)


def written(opened: OpenedRun) -> pd.DataFrame:
    """All comments and tags of a run: what they are about, a sample, family or group, and its number."""
    return pd.DataFrame(listed(opened.run.workspace, opened.run.id), columns=["about", "number", "tags", "comments"])


def everything(opened: OpenedRun) -> pd.DataFrame:
    """One row per sample: name, labels in words, losses, what detectors say, verdict, and its places on the maps."""
    table, names = review_table(opened), np.array([*opened.data.class_names, None], object)
    table = table.drop(columns=["row", "cluster_class", "family"])
    table.insert(1, "name", np.array(opened.names, object))
    table.insert(3, "class_name", names[table["label"].to_numpy()])
    table.insert(5, "predicted_name", names[table["predicted"].fillna(len(names) - 1).to_numpy(np.int64)])
    for name, detection in opened.detections.items():
        if detection.p_values is not None:
            table[f"{name}_p_value"] = detection.p_values
    for stage in of_kind(opened.run.plan, "maps"):
        for scope in ("all", "class", "trajectories"):
            if opened.run.done(stage) and opened.run.has(f"map-{scope}-{stage.argument}.npy"):
                points = opened.run.array(f"map-{scope}-{stage.argument}", (len(table), 2))
                table[f"{scope}_{stage.argument}_x"], table[f"{scope}_{stage.argument}_y"] = points[:, 0], points[:, 1]
    return table


def label_issues(opened: OpenedRun) -> pd.DataFrame:
    """Cleanlab's frame of label issues: is_label_issue, label_quality, given_label and predicted_label, by sample.

    An issue is what a person excluded or relabelled and, where nobody decided, what the decision confirmed or a
    detector flags. The quality of a label is the probability that the model gives it, of its loss at the end.

    Raises:
        UserError: the run has no losses yet.
    """
    table = review_table(opened)
    if table["loss"].isna().all():
        why = "A label's quality is taken from them."
        raise UserError("This run has no losses yet.", why, opened.run.to_be_finished)
    decided = table["verdict"].to_numpy() != ""
    issue = np.where(decided, table["verdict"].isin(["exclude", "relabel"]), suspected(table))
    return pd.DataFrame(
        {
            "name": opened.names,
            "is_label_issue": issue.astype(bool),
            "label_quality": np.exp(-table["loss"].to_numpy(np.float64)),
            "given_label": table["label"],
            "predicted_label": table["predicted"],
        }
    )


def label_studio(opened: OpenedRun) -> list[dict[str, Any]]:
    """Tasks of Label Studio for all suspects: the image, the given label as a prediction, and why it is shown.

    Images are addressed as local files below the imported folder, as Label Studio serves them.

    Raises:
        UserError: the samples are no files.
    """
    folder, shown = _folder(opened), suspects(review_table(opened))
    names = opened.data.class_names
    tasks, said, tags = [], notes(opened.run.workspace, opened.run.id), _tags(opened)
    for place, sample in zip(shown.index, shown.to_dict("records"), strict=True):
        choice = {"choices": [names[int(sample["label"])]]}
        result = {"from_name": "label", "to_name": "image", "type": "choices", "value": choice}
        data = {
            "image": f"/data/local-files/?d={(folder / opened.names[place]).as_posix().lstrip('/')}",
            "name": opened.names[place],
            "id": int(sample["id"]),
            "suspicion": round(float(sample["suspicion"]), 6),
            "verdict": sample["verdict"],
        }
        own, comments = tags.get(int(sample["id"]), []), said.get(int(sample["id"]), Notes()).comments
        if own or comments:
            data |= {"tags": own, "comments": [one.text for one in comments]}
        prediction = {"model_version": "assay", "score": data["suspicion"], "result": [result]}
        tasks.append({"data": data, "predictions": [prediction]})
    return tasks


def fiftyone_script(opened: OpenedRun) -> str:
    """A Python script that makes a FiftyOne data set of the run's samples; text of the data stands in it as JSON only.

    Raises:
        UserError: the samples are no files.
    """
    folder, table = _folder(opened), review_table(opened)
    names, tags = opened.data.class_names, _tags(opened)
    samples = [
        {
            "filepath": str(folder / name),
            "label": names[int(row["label"])],
            "predicted": "" if pd.isna(row["predicted"]) else names[int(row["predicted"])],
            "suspicion": round(float(row["suspicion"]), 6),
            "flagged": bool(row["flagged"]),
            "verdict": str(row["verdict"]),
            "tags": tags.get(int(row["id"]), []),
        }
        for name, row in zip(opened.names, table.to_dict("records"), strict=True)
    ]
    listed = f"json.loads({json.dumps(json.dumps(samples))})"
    return SCRIPT.format(file="assay_fiftyone.py", samples=listed, name=json.dumps(f"assay {opened.run.id}"))


def _tags(opened: OpenedRun) -> dict[int, list[str]]:
    return tags_of(tagged(opened.run, review_table(opened)))


def _folder(opened: OpenedRun) -> Path:
    """The folder that the names are relative to."""
    opening = store.describe(opened.run.workspace, opened.run.dataset).opening
    if opening is None or opening.source not in ("image_folder", "table") or not all(map(is_file_name, opened.names)):
        raise UserError(
            "The samples of this data set are no files.",
            "Other tools open images by their paths.",
            "Take the samples as a table, or import a folder of images.",
        )
    path = Path(opening.path)
    return path if opening.source == "image_folder" else path.parent
