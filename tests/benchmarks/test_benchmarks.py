"""Small versions of the benchmarks: they run, and their arithmetic is right."""

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

from benchmarks.ablation import SCORES, STEPS, ablation_table
from benchmarks.alone import alone_table
from benchmarks.art import f1_per_class, made_up, our_width
from benchmarks.asking import FIELD, ROWS, asking_table, field_table
from benchmarks.attacks import attacks_table
from benchmarks.clean import clean_table
from benchmarks.decisions import Known, decisions_table, measured, of_regime
from benchmarks.demo import demo_table
from benchmarks.hostile.chaos import Act, chaos_lines, outcome, set_back
from benchmarks.hostile.damages import OTHER, TRACEBACK, damaged, damages_table, made
from benchmarks.hostile.sessions import ENVIRONMENT, draw
from benchmarks.importing import generate, importing_table
from benchmarks.papers.ac_mnist import ac_table, class_scores
from benchmarks.papers.ac_signs import TARGET, signs_study, signs_table
from benchmarks.papers.badloss_cifar10 import LoadRequest, badloss_cifar10, badloss_table
from benchmarks.papers.signs import CLASSES, signs
from benchmarks.parts.answers import within_classes
from benchmarks.parts.cells import number, percent
from benchmarks.parts.data import draw_bona_fide, part_of
from benchmarks.parts.judged import Judged, mean_percent, of, worst_and_mean
from benchmarks.parts.lab_regimes import LAB, Regime
from benchmarks.parts.repairs import WAYS, auroc_of, removed_by
from benchmarks.parts.studies import Study, traced_study
from benchmarks.parts.timing import timed
from benchmarks.parts.trainings import training, training_without
from benchmarks.planting import planting_table
from benchmarks.regimes import regimes_table
from benchmarks.scoring import falling_losses, largest_error, scoring_table
from benchmarks.screen.deciding import deciding_table
from benchmarks.screen.opening import DETECTORS as OPENED
from benchmarks.screen.opening import SHAPE, opening_table
from benchmarks.screen.review import made_up_run, review_table
from core import runs
from core.analysis.opened_run import opened
from core.analysis.samples import suspicion_table
from core.attacks.presets import preset
from core.attacks.specification import AttackSpec
from core.data import store
from core.detectors import DETECTORS
from core.detectors.clustering.activation_clustering import activation_clustering
from core.detectors.parts.trajectories import bona_fide_distance
from core.detectors.spectral_signatures import spectral_signatures
from core.journal import review
from core.training.config import TrainConfig
from core.types import Detection, GroundTruth, PlantedAttack
from tests.browser.server import served
from tests.core.conftest import tiny


def test_the_demo_table_gives_means_and_deviations_over_seeds() -> None:
    def journey(workspace: Path, seed: int) -> dict[str, Any]:
        accuracy = 0.8 + 0.1 * seed
        return {
            "before": {"clean_accuracy": accuracy, "attack_success_rate": {"patch": 1.0}},
            "after": {"clean_accuracy": accuracy, "attack_success_rate": {"patch": 0.02 * seed}},
            "detectors": {"badloss": {"auroc": 0.9, "precision": 0.5, "recall": 1.0, "flagged": 10 * (seed + 1)}},
            "removed": 10 * (seed + 1),
            "seconds": 3.0,
        }

    table = demo_table([0, 1], journey)
    assert "| clean accuracy | 85.0 ± 5.0 % | 85.0 ± 5.0 % |" in table
    assert "| attack success rate, patch | 100.0 ± 0.0 % | 1.0 ± 1.0 % |" in table
    assert "| samples removed | | 15 ± 5 |" in table
    assert "| badloss | 0.900 ± 0.000 | 50.0 ± 0.0 % | 100.0 ± 0.0 % | 15 ± 5 |" in table


def test_the_planting_table_counts_copies_and_poison() -> None:
    table = planting_table(tiny(3000, side=32, channels=3, n_classes=10))
    assert "3,000 images, badloss-cifar10, 205 of them poisoned." in table  # 5 × 30 + 30 + 25
    copies = float(table.splitlines()[-1].split("|")[2])
    assert 2 < copies < 3


def test_the_attacks_table_holds_alone_and_together(tmp_path: Path) -> None:
    dataset = tiny(500, side=16, channels=3, n_classes=10, n_test=50)
    config = TrainConfig("convnet", 1, 64)
    first = attacks_table(dataset, config, [0], ["blended pattern", "clean"], tmp_path)
    clean, alone = (line.split("|") for line in first.splitlines()[4:])
    assert (clean[1].strip(), alone[1].strip()) == ("clean", "blended pattern")
    assert [cell.strip() for cell in clean[3:9]] == ["–"] * 6
    measured = ["%" in cell for cell in alone[2:9]]
    assert measured == [True, True, True, False, True, True, False]  # nothing was trained together
    assert attacks_table(dataset, config, [0], ["blended pattern", "clean"], tmp_path) == first
    assert len(runs.all_runs(tmp_path)) == 2  # read, not trained again


def test_an_attack_alone_is_judged_and_clean_data_too(tmp_path: Path) -> None:
    dataset = tiny(500, side=16, channels=3, n_classes=10, n_test=50)
    lines = alone_table(
        dataset, TrainConfig("convnet", 1, 64), [0], 2, only=["patch", "clean"], cache=tmp_path
    ).splitlines()
    clean, patch = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines[4:])
    assert lines[2].count("AUROC") == 3
    assert (clean[0], clean[1], clean[5:]) == ("clean", "–", ["–", "–"])
    assert 0 <= float(clean[4].split()[0]) < 50  # with 50 bona fide samples one draw may well flag some
    assert patch[0] == "patch"
    assert all(0 <= float(cell.split()[0]) <= 1 for cell in (patch[1], *patch[5:]))


def test_cells_hold_mean_and_deviation_and_a_dash_for_nothing() -> None:
    assert percent([0.5, 0.7]) == "60.0 ± 10.0 %"
    assert percent([0.5, None, float("nan")]) == "50.0 %"
    assert (number([643.4], 0), number([float("nan")]), percent([])) == ("643", "–", "–")


def test_a_repair_is_trained_once_and_never_taken_for_the_poisoned_training(tmp_path: Path) -> None:
    dataset, config = tiny(200, n_test=20), TrainConfig("convnet", 1, 64)
    run = training(tmp_path, dataset, [AttackSpec("patch", 0.1, 0)], config)
    repaired = training_without(run, [3, 5], "without two")
    assert (repaired.parent, len(repaired.array("losses"))) == (run.id, 198)
    assert training_without(run, [5, 3], "the same two").id == repaired.id
    assert training_without(run, [], "nothing").id == run.id
    assert training(tmp_path, dataset, [AttackSpec("patch", 0.1, 0)], config).id == run.id
    assert training(tmp_path, dataset, [AttackSpec("patch", 0.1, 0)], replace(config, seed=1)).id != run.id


def test_an_attack_is_judged_against_clean_samples_alone() -> None:
    index = np.array([-1, -1, 0, 1])
    attacks = tuple(PlantedAttack(name, "patch", 0, {}, 0, 1) for name in ("a", "b"))
    truth = GroundTruth(index >= 0, index, np.zeros(4, np.int64), attacks, np.zeros(4, np.bool_))
    suspicion = np.array([0.1, 0.5, 0.3, 0.9], np.float32)
    assert [auroc_of(truth, names, suspicion) for names in (["a"], ["b"], ["a", "b"])] == [0.5, 1.0, 0.75]


def test_the_badloss_tables_hold_every_way_of_repair(tmp_path: Path) -> None:
    dataset, config = tiny(300, channels=3, n_test=40), TrainConfig("convnet", 1, 64)
    poisoned = training(tmp_path, dataset, preset("demo", 4), config)
    poison = np.array(store.load_truth(tmp_path, poisoned.dataset).is_poison)
    suspicion = poison.astype(np.float32)
    runs.save_detection(poisoned, "consensus", Detection(suspicion, poison, p_values=1 - suspicion), {}, 1.0)
    ways = ("nothing", "consensus-rate", "badloss", "random", "floor")
    asked = LoadRequest(ways, ("badloss", "consensus"), preset="demo")  # one of the seven is optimised for minutes
    text = badloss_table(dataset, config, [0], asked, tmp_path)
    lines = {line.split(" | ")[0].removeprefix("| "): line.split(" | ") for line in reversed(text.splitlines())}
    assert lines["nothing removed"][1:4] == ["0", "0.0 %", "–"]
    assert lines[WAYS["consensus-rate"]][1:4] == ["27", "9.0 %", "0.0 %"]
    assert lines["BaDLoss as published, 40 %"][1:3] == ["120", "40.0 %"]
    assert lines["trained on clean data: the floor"][3:6] == ["–"] * 3
    second = next(run for run in runs.children(poisoned) if run.name == WAYS["consensus-rate"])
    flagged = int(runs.detections(second)["consensus"].flagged.sum())
    assert f"| {WAYS['consensus-rate']} | 100.0 % | 100.0 % | 100.0 % | 0 | {flagged} | 0 |" in text
    assert "| 0 | – | – |" not in text  # what BaDLoss and chance leave has poison in it, and no second round
    assert lines["Consensus"][1:4] == ["1.000"] * 3
    by_chance = removed_by(poisoned, "random")
    assert by_chance.sum() == 27 > (by_chance & poison).sum()
    done = len(runs.all_runs(tmp_path))
    assert badloss_table(dataset, config, [0], asked, tmp_path) == text
    assert len(runs.all_runs(tmp_path)) == done == 5  # the attack, three repairs and the floor; nothing trained twice
    with pytest.raises(typer.BadParameter, match="magic: there is no such"):
        badloss_cifar10(data=tmp_path, only=["magic"])


def drawings(folder: Path) -> Path:
    """Two drawings of each class of signs: a disc's square of one grey per class, on a transparent ground."""
    for place, kind in enumerate(CLASSES.values()):
        path = folder / kind.replace("[0-9]*", "50").replace("*", "entry")
        path.mkdir(parents=True)
        for name in "ab":
            image = np.zeros((48, 48, 4), np.uint8)
            image[8:40, 8:40] = (50 * place, 250 - 50 * place, 0, 255)
            Image.fromarray(image).save(path / f"{name}.png")
    return folder


def test_signs_are_made_and_clustered_by_every_rule(tmp_path: Path) -> None:
    grounds = {f"x_{part}": np.full((9, 32, 32, 3), 128, np.uint8) for part in ("train", "test")}
    np.savez(tmp_path / "cifar10.npz", **grounds)
    with pytest.raises(typer.BadParameter, match="no drawings of restriction, speed limit"):
        signs(data=tmp_path, drawings=tmp_path)
    signs(data=tmp_path, drawings=drawings(tmp_path / "drawn"), per_class=60, side=16)
    made = np.load(tmp_path / "signs.npz")
    assert (made["x_train"].shape, made["x_test"].shape) == ((300, 16, 16, 3), (60, 16, 16, 3))
    assert np.bincount(made["y_train"]).tolist() == [60] * 5
    reds = [made["x_train"][made["y_train"] == index][..., 0].mean() for index in range(5)]
    assert reds == sorted(reds)  # the drawings' own order
    study = signs_study(0.33, 300, 2)
    assert signs_table([study], tmp_path, [0], tmp_path).count("| 33% of the class |") == 3
    run = traced_study(study, tmp_path, tmp_path, 0)
    assert run.is_poison.sum() == 20  # a third of the class of 60
    assert set(run.labels[run.is_poison]) == {TARGET}
    accuracy, f1 = within_classes(run, run.is_poison)
    assert (accuracy.tolist(), f1.tolist()) == ([1.0] * 5, [0.0, 1.0, 0.0, 0.0, 0.0])


def npz(folder: Path, name: str, n_classes: int = 3) -> Path:
    """Small images whose class is a bright row, as an npz file of benchmarks."""
    rng = np.random.default_rng(0)
    labels = {"train": rng.integers(n_classes, size=240), "test": rng.integers(n_classes, size=60)}
    arrays = {}
    for part, own in labels.items():
        images = rng.integers(0, 60, (len(own), 16, 16)).astype(np.uint8)
        images[np.arange(len(own)), 5 * own] = 250
        arrays |= {f"x_{part}": images, f"y_{part}": own}
    np.savez(folder / f"{name}.npz", **arrays)
    return folder


PATCHED = Study("tiny", "tiny", "tiny", (AttackSpec("patch", 0.1, 0),), size=200, epochs=2)


def test_scores_agree_with_float64_and_the_table_says_so() -> None:
    losses, bona_fide = falling_losses(1500, 0)
    assert largest_error(bona_fide_distance(losses, bona_fide, 50), losses, bona_fide) < 1e-6
    assert largest_error(2 * bona_fide_distance(losses, bona_fide, 50), losses, bona_fide) == pytest.approx(1, abs=1e-5)
    assert "1,500 × 30 losses against 250" in (table := scoring_table(1500, 0))
    assert "| times as fast (wall; processor) | 1 | **" in table


def test_timing_sees_what_a_call_holds() -> None:
    measured = timed(lambda: np.ones(30_000_000).sum())
    assert measured.result == 30_000_000
    assert measured.memory > 100e6
    assert 0 < measured.wall < 60


def test_a_part_of_the_data_is_drawn_and_a_missing_file_is_named(tmp_path: Path) -> None:
    part = part_of(npz(tmp_path, "tiny"), "tiny", 100, 1)
    assert (part.inputs[:].shape, part.n_classes, len(part.test_labels)) == ((100, 16, 16, 1), 3, 60)
    assert (part.inputs[:][np.arange(100), 5 * part.labels] == 250).all()
    with pytest.raises(typer.BadParameter, match=r"absent\.npz is missing"):
        part_of(tmp_path, "absent", 100, 1)


def test_bona_fide_samples_are_clean_and_differ_between_draws() -> None:
    poison = np.arange(1000) < 500
    first, second = draw_bona_fide(poison, 0), draw_bona_fide(poison, 1)
    assert first.sum() == second.sum() == 100
    assert not (first & poison).any()
    assert (first != second).any()


def test_a_trained_study_is_read_from_its_cache(tmp_path: Path) -> None:
    folder = npz(tmp_path, "tiny")
    made = traced_study(PATCHED, folder, tmp_path / "cache", 0)
    (folder / "tiny.npz").rename(folder / "kept.npz")
    np.savez(folder / "tiny.npz", **dict(np.load(folder / "kept.npz")))
    again = traced_study(PATCHED, folder, tmp_path / "cache", 0)
    assert made.is_poison.sum() == 20
    assert made.losses.shape == (200, 2)
    assert (again.losses == made.losses).all()
    evidence = again.evidence(0)
    assert not (evidence.bona_fide & made.is_poison).any()


def test_the_tables_of_regimes_and_clean_data_have_a_row_for_each(tmp_path: Path) -> None:
    folder = npz(tmp_path, "tiny")
    table = regimes_table([PATCHED], folder, [0], 1, tmp_path / "cache")
    assert "| regime | attack success rate | consensus AUROC, worst / mean |" in table
    assert sum(line.startswith("| tiny |") for line in table.splitlines()) == 2
    assert "| **worst single run** |" in table
    found = clean_table([Study("none", "none", "tiny", size=200, epochs=1)], folder, [0], 2, None)
    assert found.splitlines()[-1].startswith("| none | 2 | ")


def test_the_table_of_what_is_left_out_has_a_row_for_each_score_and_step(tmp_path: Path) -> None:
    table = ablation_table([PATCHED], npz(tmp_path, "tiny"), [0], tmp_path / "cache").splitlines()
    assert [line.split(" | ")[0] for line in table[4:]] == [f"| {part}" for part in ("nothing", *SCORES, *STEPS)]


def test_the_decision_has_a_row_for_each_regime_which_a_cache_keeps(tmp_path: Path) -> None:
    folder, cache = npz(tmp_path, "mnist"), tmp_path / "rows.json"
    regimes = [Regime("patch", "mnist", ("patch:ratio=0.1,target=1",), 0.1), Regime("clean", "mnist")]
    by_name = {regime.name: regime for regime in regimes}

    def known(name: str, seed: int) -> Known:
        return of_regime(by_name[name], folder, seed)

    rows = list(measured(list(by_name), known, [0], ["none"], cache))
    assert [(row.poison, row.trust, row.kind) for row in rows] == [(24, "none", "backdoor"), (0, "none", "clean data")]
    assert (rows[1].wrong, rows[1].flagged) == (0, 0)
    assert rows[1].verdict in ("none", "open")  # without bona fide samples, outliers of clean data stay open
    (folder / "mnist.npz").unlink()
    assert list(measured(list(by_name), known, [0], ["none"], cache)) == rows
    table = decisions_table(rows)
    assert table[2].startswith("| mnist/patch/10 | none |")
    assert "of 1 runs on clean data, 0 confirmed" in table[-1]


def test_the_detectors_that_ask_the_model_have_a_table(tmp_path: Path) -> None:
    table = asking_table([PATCHED], npz(tmp_path, "tiny"), [0], 30)
    assert "| regime | STRIP, AUROC | recall | Cognitive Distillation, AUROC | recall |" in table
    assert table.splitlines()[-1].startswith("| tiny | ")


def test_the_detectors_of_the_field_stand_beside_the_consensus_in_each_regime(tmp_path: Path) -> None:
    assert {regime.name for regime in LAB} >= set(ROWS)
    table = field_table({"tiny/patch/10": PATCHED}, npz(tmp_path, "tiny"), [0]).splitlines()
    assert [line.split(" | ")[2] for line in table[4:]] == [DETECTORS[name].title for name in ("consensus", *FIELD)]
    assert all(line.startswith("| tiny/patch/10 | ") for line in table[4:])


def test_the_clustering_table_counts_within_each_class(tmp_path: Path) -> None:
    folder = npz(tmp_path, "tiny")
    accuracy, f1 = class_scores(traced_study(PATCHED, folder, tmp_path / "cache", 0), space="pixels", decision="size")
    assert accuracy.shape == f1.shape == (3,)
    assert ((accuracy >= 0) & (accuracy <= 1)).all()
    table = ac_table([PATCHED], folder, [0], tmp_path / "cache")
    assert table.splitlines()[-1].startswith("| tiny | ")


def test_figures_leave_out_what_is_undefined() -> None:
    answers = [Judged("a", 0.9, float("nan"), 0.0, 0.0), Judged("a", 0.7, 0.5, 1.0, 0.1), Judged("b", 0, 0, 0, 0)]
    assert of(answers, "a", "precision") == [0.5]
    assert worst_and_mean(of(answers, "a", "auroc")) == "0.700 / 0.800 ± 0.100"
    assert mean_percent([]) == "–"


def test_what_the_peer_gets_wrong_is_right_here() -> None:
    poisoned, clean = made_up(6000, 48, 0), made_up(6000, 48, 0, ratio=0.0)
    found = activation_clustering(poisoned.evidence)
    assert min(f1_per_class(poisoned, found.flagged)) > 0.99
    assert f1_per_class(poisoned, ~poisoned.is_poison) == [0] * 5
    assert not activation_clustering(clean.evidence).flagged.any()
    assert (activation_clustering(poisoned.evidence).flagged == found.flagged).all()
    assert our_width() == "40 taken"
    moved = replace(poisoned.evidence, features=poisoned.evidence.features + np.float32(100))
    here, there = (spectral_signatures(one).flagged for one in (poisoned.evidence, moved))
    assert here[poisoned.is_poison].mean() > here[~poisoned.is_poison].mean()
    assert (here != there).mean() < 0.002


def test_importing_generated_files(tmp_path: Path) -> None:
    generate(tmp_path, 250, 32, "PNG")
    files = sorted(tmp_path.rglob("*.png"))
    assert len({path.read_bytes() for path in files}) == len(files) == 250
    table = importing_table(0, 40).splitlines()
    assert [line.split("|")[1].strip() for line in table[4:]] == ["40 JPEG files, 224 px"]
    seconds, processor, megabytes, again = (float(cell) for cell in table[4].split("|")[2:6])
    assert 0 < processor < seconds + 60
    assert 20 < megabytes < 1000
    assert 0 <= again < 5


def test_every_action_of_a_reviewer_is_timed() -> None:
    table = review_table(600, 1, flagged=0.3)
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| action")]
    assert len(rows) == 27
    assert any(row.startswith("| exclude the family |") for row in rows)
    assert all(0 < float(cell) < 5000 for row in rows for cell in row.split("|")[2:4])


def test_opening_a_run_and_its_tables_are_timed(tmp_path: Path) -> None:
    run = made_up_run(tmp_path, 300, 0.1, SHAPE, OPENED)
    rows = [[cell.strip() for cell in line.split("|")] for line in opening_table(run, 2).splitlines()[2:]]
    assert len(rows) == 6
    assert all(0 < float(median) <= float(worst or median) < 5000 for _, _, median, worst, _ in rows)
    assert set(opened(run).detections) == set(OPENED)


def test_a_browser_that_decides_is_timed(tmp_path: Path) -> None:
    run = made_up_run(tmp_path, 200, 0.2)
    by_key, by_family = (line.split("|") for line in deciding_table(tmp_path, 3).splitlines()[2:])
    assert [cell.strip() for cell in by_key[1:4]] == ["one by one, by key", "3", "3"]
    members = np.flatnonzero(suspicion_table(opened(run))["family"] == 1)
    assert [cell.strip() for cell in by_family[2:4]] == [str(len(members)), "1"]
    assert 0 < float(by_key[5]) <= float(by_key[6]) <= float(by_key[4])
    verdicts = review.verdicts(tmp_path, run.id)
    assert {verdicts[sample].decision for sample in members.tolist()} == {"exclude"}


def test_damage_to_a_run_is_said_in_words_or_without_effect(tmp_path: Path) -> None:
    found = list(damaged(made(tmp_path, images=60, epochs=1), only=("outcome.json", "bona_fide.npy", "badloss.npz")))
    assert len(found) >= 30
    assert [one for one in found if one.ending in (OTHER, TRACEBACK)] == []
    assert damages_table(found).splitlines()[-1].startswith(f"| all | {len(found)} | ")


def test_what_is_killed_and_repeated_is_compared_with_what_was_not_disturbed(tmp_path: Path) -> None:
    workspace = tmp_path / "template"
    info = store.save(workspace, tiny(12), source="test")
    run = runs.create(workspace, info, asdict(TrainConfig()), ("train",))
    review.record(workspace, run.id, {3: review.Verdict("exclude")}, reviewer="ann")
    before = outcome(workspace)
    review.record(workspace, run.id, {3: review.Verdict("keep")}, reviewer="ann")
    (run.path / "losses.npy").write_bytes(b"half")
    after = outcome(workspace)
    assert {name for name in after if before.get(name) != after[name]} == {"verdicts", "runs/run 0/losses.npy"}
    set_back(workspace)  # the journal of an earlier Assay, brought up to date while it is killed
    act = Act("migrations", workspace, ("journal", run.id, "--to", "OUT/journal.csv"))
    line = list(chaos_lines(iter([act]), 1, 0))[-1]
    assert re.fullmatch(r"\| migrations \| [\d.]+ \| 1 \| [01] \| 1 \| 0 \| 0 \|", line)


def test_sessions_are_served_without_an_error_and_counted(tmp_path: Path) -> None:
    workspace = made_up_run(tmp_path / "workspace", 400, 0.05).workspace
    with served(workspace, ENVIRONMENT) as server:
        assert len(draw(server, 2, 4)) == 4
