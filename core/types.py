"""What crosses the stages: frozen, index-aligned data. n samples, d features, k classes.

Every array is n-first and aligned with `Dataset.ids`. `GroundTruth` stands apart from `Dataset` and `Evidence`. So no
detector, review or repair function can be handed the answer: their signatures do not accept it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # pages import this module and never need torch
    from torch import nn


GRAPH = "onnx"
RECORDED = "recorded"  # in the place of a model that was trained elsewhere and is not here


Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Samples = NDArray[Any]  # some samples as inputs give them, n-first: (m, h, w, c) of images, strings (m,) of texts
Images = NDArray[np.uint8]
Rows = slice | Ints | Bools | list[int]
Scalar = float | int | str | bool
Listen = Callable[[int, int], None]  # how many are done, and of how many
Labelling = Literal["all_to_one", "one_to_one", "all_to_all", "clean_label", "random_other", "unchanged"]


class Inputs(Protocol):
    """What the model is given, n samples of one modality; they are read when they are asked for, some at a time."""

    def __len__(self) -> int: ...

    @property
    def modality(self) -> str:
        """The name of the modality, for `core.modalities.modality_of`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample, as a network is built for it; (h, w, c) of an image."""

    @property
    def nbytes(self) -> int:
        """Bytes of all n samples."""

    def __getitem__(self, rows: int | Rows) -> Samples:
        """One sample, or several, n-first; only these are read."""

    def take(self, rows: Rows) -> "Inputs":
        """Some of the samples, in any order; nothing is read and none is copied."""

    def let_go(self) -> None:
        """Give the memory of samples that are mapped back to the system, which reads them again when asked for."""


@dataclass(frozen=True)
class Dataset:
    """Labelled samples as they were given: training samples under suspicion and a held-out test set.

    Attributes:
        name: what people call it.
        ids: (n,) stable sample ids; a repair drops rows but never renumbers them.
        inputs: what the model is given, n samples.
        labels: (n,) the given, perhaps poisoned, class indices.
        test_inputs, test_labels: the untouched test set, m samples and (m,); m may be 0.
        class_names: k names, in the order of the class indices.
        bona_fide: (n,) True where a person or a trusted source guarantees the sample to be clean.
    """

    name: str
    ids: Ints
    inputs: Inputs
    labels: Ints
    test_inputs: Inputs
    test_labels: Ints
    class_names: tuple[str, ...]
    bona_fide: Bools

    def __post_init__(self) -> None:
        n = len(self.ids)
        if not (len(self.inputs) == len(self.labels) == len(self.bona_fide) == n):
            raise ValueError("ids, inputs, labels and bona_fide must have the same length")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_classes(self) -> int:
        """k, the number of classes."""
        return len(self.class_names)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample; (h, w, c) of an image."""
        return self.inputs.shape


@dataclass(frozen=True)
class PlantedAttack:
    """One attack as it was planted.

    Attributes:
        name: the registry name, unique within one data set (a second patch is `patch-2`).
        kind: the registry name of the attack.
        target_class: the class index that the trigger is meant to cause; None for all-to-all.
        settings: every parameter, so that its trigger can be made again exactly.
        seed: of the attack's own randomness (noise image, choice of samples).
        n_poisoned: how many training samples carry it.
        labelling: who gets which label. With all_to_one, samples of all other classes get the target's. With
            one_to_one, samples of `source_class` get the target's. With all_to_all, every sample gets the next class's.
            With clean_label, samples of the target class keep theirs. With random_other, each sample gets the label of
            another class, drawn. With unchanged, samples of any class keep theirs.
        source_class: of a one-to-one attack, else None.
        n_cover: how many further samples are changed under their true label: with the trigger, or spoiled (WaNet).
    """

    name: str
    kind: str
    target_class: int | None
    settings: Mapping[str, Scalar]
    seed: int
    n_poisoned: int
    labelling: Labelling = "all_to_one"
    source_class: int | None = None
    n_cover: int = 0

    def intended_classes(self, labels: Ints, n_classes: int) -> Ints:
        """(m,) the class that the trigger is meant to turn images of these true classes into; −1 where it has none."""
        if self.labelling in ("random_other", "unchanged"):
            return np.full(len(labels), -1)
        if self.target_class is None:
            return np.asarray((labels + 1) % n_classes)
        applies = labels == self.source_class if self.labelling == "one_to_one" else labels != self.target_class
        return np.where(applies, self.target_class, -1)


@dataclass(frozen=True)
class GroundTruth:
    """What is known of planted poison. Only metrics, benchmarks and the report accept it.

    Attributes:
        is_poison: (n,) True where a trigger or a wrong label was planted; the attack's kind says which.
        attack_index: (n,) index into `attacks`, −1 for clean samples.
        original_labels: (n,) the labels before poisoning.
        attacks: what was planted.
        is_cover: (n,) True for cover samples: changed under the true label, which is no poison.
        patterns: attack → float32, what was found for it on the data, in units of [0, 1]; see `core.attacks.Trigger`.
    """

    is_poison: Bools
    attack_index: Ints
    original_labels: Ints
    attacks: tuple[PlantedAttack, ...]
    is_cover: Bools
    patterns: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """All that a detector may look at; what is missing is None.

    Attributes:
        labels: (n,) given labels.
        n_classes: k.
        bona_fide: (n,) True for samples known to be clean.
        seed: of everything random in the detector.
        predicted: (n,) the trained model's class for each training sample.
        features: (n, d) last-hidden-layer activations.
        trajectories: (n, epochs) cross-entropy of each sample after each epoch, eval mode.
        inputs: what the model is given, n samples.
        model: the trained network, in eval mode, from floats in [0, 1], (n, c, h, w), to logits.
        listen: told how many samples are done, by detectors that ask the model again and again.
    """

    labels: Ints
    n_classes: int
    bona_fide: Bools
    seed: int = 0
    predicted: Ints | None = None
    features: Floats | None = None
    trajectories: Floats | None = None
    inputs: Inputs | None = None
    model: "nn.Module | None" = None
    listen: Listen = lambda done, total: None


@dataclass(frozen=True)
class Criterion:
    """One published answer to whether the smaller cluster of a class is poison.

    Attributes:
        poisoned: what it answers.
        reason: why, in words.
        figure: the number that it compares with its threshold; None where there was nothing to measure.
        other_class: the class that the figure compares with, for the criterion of distance; else None.
    """

    poisoned: bool
    reason: str
    figure: float | None = None
    other_class: int | None = None


@dataclass(frozen=True)
class ClassFinding:
    """What a detector says of one class as a whole; None wherever it says nothing.

    Attributes:
        poisoned: whether the class looks poisoned; None where it was not judged, which is never the same as clean.
        reason: why, in words; also why it was not judged.
        size: by the fraction of the class that its smaller cluster holds, in [0, ½].
        silhouette: by how far its two clusters stand apart, in [−1, 1].
        distance: by how much nearer the smaller cluster is to another class, as a ratio; poison below 1.
        unstable: the fraction of the class that another start of k-means puts in the other cluster, in [0, ½].
        figures: whatever else is worth showing, by name.
    """

    poisoned: bool | None = None
    reason: str = ""
    size: Criterion | None = None
    silhouette: Criterion | None = None
    distance: Criterion | None = None
    unstable: float | None = None
    figures: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def was_split(self) -> bool:
        """Whether the class was cut in two clusters, on which the criteria were asked."""
        return self.silhouette is not None


@dataclass(frozen=True)
class Notes:
    """What a detector says of its own answer; None, 0 or "" wherever it says nothing.

    Attributes:
        rule: how it chose what it flags, in words.
        threshold: the least suspicion that it flags.
        prevalence: the fraction of all samples that clean ones do not explain, in [0, 1].
        prevalence_at_least: the same from below, 99 % sure.
        n_bona_fide: how many bona fide samples it compared with.
        counted_on: how many the p-values were counted on; a person may have named more since.
        sharing_a_pattern: how many it flags because they share a pattern, with no rate promised.
        doubted: how many bona fide samples share that pattern; they are not flagged, but may be poison themselves.
        left_out: what was not there to look at, and what that costs, in words.
        figures: whatever else is worth showing, by name.
    """

    rule: str = ""
    threshold: float | None = None
    prevalence: float | None = None
    prevalence_at_least: float | None = None
    n_bona_fide: int | None = None
    counted_on: int | None = None
    sharing_a_pattern: int = 0
    doubted: int = 0
    left_out: str = ""
    figures: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True)
class Detection:
    """What a detector says.

    Attributes:
        suspicion: (n,) float32, finite, higher = more suspicious.
        flagged: (n,) bool, by the detector's own rule.
        groups: (n,) int, the detector's own grouping (clusters, components), or None.
        notes: what it says of this answer as a whole.
        classes: class index → what it says of that class, for detectors that look at classes.
        p_values: (n,) how rare so high a suspicion is among clean samples, small = suspicious; None where unknown.
        scores: for a sum of several scores, what each adds to every sample's suspicion, by name, (n,) each.
    """

    suspicion: Floats
    flagged: Bools
    groups: Ints | None = None
    notes: Notes = Notes()
    classes: Mapping[int, ClassFinding] = field(default_factory=dict)
    p_values: Floats | None = None
    scores: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """What a person decided to do to a data set: the whole input of a repair.

    Attributes:
        excluded: ids to leave out.
        relabelled: id → new class index.
    """

    excluded: frozenset[int] = frozenset()
    relabelled: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How good a model is and how far the planted triggers still steer it.

    Attributes:
        clean_accuracy: fraction of the untouched test set that is right, in [0, 1]; None without a test set.
        class_accuracy: (k,) the same within each class, NaN for a class without test samples.
        attack_success_rate: attack → fraction of triggered non-target-class test samples predicted as the target.
        doubled_attack_success_rate: the same with the trigger at twice its strength, where it has one to double.
    """

    clean_accuracy: float | None
    class_accuracy: tuple[float, ...]
    attack_success_rate: Mapping[str, float | None]
    doubled_attack_success_rate: Mapping[str, float | None] = field(default_factory=dict)
