"""The report stands alone, says what was measured, and never runs what a data set is named."""

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.analysis.samples import review_table
from core.attacks.plant import plant
from core.attacks.specification import AttackSpec, Specification
from core.data import store
from core.detectors.consensus.consensus import RULES
from core.errors import UserError
from core.evaluation import results
from core.output import report
from core.output.report import report_html, write_report
from core.training.config import TrainConfig
from core.types import Detection, Notes

MARKUP = "<script>alert('x')</script>"
ESCAPED = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"


class Page(HTMLParser):
    """Collects the addresses a page loads or links to, its tags, and its text outside of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.tags, self.words, self._within = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._within = tag if tag in ("script", "style") else self._within
        self.addresses += [
            value for name, value in attrs if name in ("src", "href", "data", "action", "srcset", "poster")
        ]

    def handle_endtag(self, tag):
        self._within = "" if tag == self._within else self._within

    def handle_data(self, data):
        self.words += [] if self._within else data.split()

    @property
    def text(self):
        return " ".join(self.words)


def undated(text):
    """The text without the minute it was written in: two reports may fall into two minutes."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "", text)


def percent(value):
    return f"{value:.1%}"


@pytest.fixture
def repaired(finished):
    """The finished run, with verdicts by two people and a finished repair."""
    pipeline.decide_flagged(finished, "exclude", ["badloss"], reviewer="ann")
    pipeline.decide(finished, [150], "keep", reviewer=MARKUP)
    pipeline.work(pipeline.new_repair(finished))
    return finished


def test_before_and_after_and_the_detectors_are_told(repaired):
    text = Page(report_html(repaired)).text
    before, after = runs.outcome(repaired), runs.outcome(runs.children(repaired)[0])
    assert f"Clean accuracy {percent(before.clean_accuracy)} {percent(after.clean_accuracy)}" in text
    for name, words in (("patch", "patch"), ("blended_random", "blended random")):
        rates = percent(before.attack_success_rate[name]), percent(after.attack_success_rate[name])
        assert f"Attack success rate, {words} {rates[0]} {rates[1]}" in text
    kept = 200 - len(runs.read_changes(runs.children(repaired)[0]).excluded)
    assert f"Training samples 200 {kept} few removed" in text
    assert "BaDLoss by its own rule (reject fraction 10%) 20 10.0%" in text
    assert f"{200 - kept} of 200 training samples were excluded and the model was trained again" in text
    told = Page(report_html(runs.children(repaired)[0])).text
    assert undated(text) == undated(told) != told  # a repair is told with the run it repairs


@pytest.mark.parametrize(("rate", "alarm"), [(0.0, False), (results.GONE, False), (0.123, True), (None, False)])
def test_only_a_backdoor_that_works_is_coloured(finished, rate, alarm):
    path = finished.path / "outcome.json"
    found = json.loads(path.read_text())
    found["outcome"] |= {"attack_success_rate": {"patch": rate}, "doubled_attack_success_rate": {}}
    runs.save_json(finished, path.name, found)
    words = "–" if rate is None else percent(rate)
    cell = f'<td class="poison">{words}</td>' if alarm else f"<td>{words}</td>"
    assert f"<tr><td>Attack success rate, patch</td>{cell}" in report_html(finished)


def test_the_report_loads_nothing(repaired):
    page = Page(report_html(repaired))
    assert page.addresses
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert not {"link", "iframe", "object", "embed", "base"} & set(page.tags)
    style = re.search(r"<style>(.*?)</style>", report_html(repaired), re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in report_html(repaired)


def test_markup_in_the_name_of_a_reviewer_is_text(repaired):
    html = report_html(repaired)
    assert MARKUP not in html
    assert ESCAPED in html


def test_markup_in_the_names_of_data_and_classes_is_text(workspace, make_dataset):
    clean = make_dataset(60, n_test=8, name=f"Data {MARKUP}")
    poisoned, truth = plant(clean, Specification((AttackSpec("patch", 0.1, 1),)))
    object.__setattr__(poisoned, "class_names", tuple(f"{index} {MARKUP}" for index in range(4)))
    info = store.save(workspace, poisoned, source="test", truth=truth)
    plan = ("train", "activations", "detect:badloss", "detect:activation_clustering", "evaluate")
    run = pipeline.new_run(workspace, info.id, TrainConfig(epochs=1), plan=plan, name=f"Run {MARKUP}")
    html = report_html(pipeline.work(run))
    assert MARKUP not in html
    for name in ("Data", "Run", "0", "3"):
        assert f"{name} {ESCAPED}" in html
    assert "script" not in Page(html).tags


def test_texts_are_read_in_the_report_as_they_are(workspace, tmp_path):
    rows = [(f"word{row % 7} film{row % 5} \u200b {MARKUP}", ("bad", "good")[row % 2]) for row in range(40)]
    with (tmp_path / "texts.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    info = pipeline.import_dataset(workspace, tmp_path / "texts.csv", "Texts")
    plan = ("train", "activations", "detect:spectral_signatures", "evaluate")
    run = pipeline.work(pipeline.new_run(workspace, info.id, TrainConfig("bag_of_embeddings", epochs=2), plan=plan))
    html = report_html(run)
    assert MARKUP not in html
    assert f"⟨U+200B⟩ {ESCAPED}" in html
    page = Page(html)
    assert {"script", "img"}.isdisjoint(page.tags)
    assert page.text.count("⟨U+200B⟩") == runs.detections(run)["spectral_signatures"].flagged.sum() > 0


def test_a_run_without_a_repair_says_so(finished):
    text = Page(report_html(finished)).text
    assert "samples are flagged by any of BaDLoss and Activation Clustering" in text.replace(
        "Activation Clustering and BaDLoss", "BaDLoss and Activation Clustering"
    )
    assert "BaDLoss 20, by its own rule (reject fraction 10%)" in text
    assert "No repair has been made yet." in text
    assert "The model as it was trained" in text
    assert f"Clean accuracy {percent(runs.outcome(finished).clean_accuracy)} higher" in text
    assert "No sample has been decided on yet." in text
    assert "Before and after the repair" not in text


def test_a_run_whose_poison_is_not_known(workspace, make_dataset):
    info = store.save(workspace, make_dataset(60, n_test=0), source="test")
    plan = ("train", "activations", "detect:activation_clustering", "evaluate")
    run = pipeline.work(pipeline.new_run(workspace, info.id, TrainConfig(epochs=1), plan=plan))
    pipeline.decide(run, [1, 2], "exclude", reviewer="ann")
    pipeline.work(pipeline.new_repair(run))
    text = Page(report_html(run)).text
    assert "2 of 60 training samples were excluded and the model was trained again." in text
    assert "Clean accuracy – –" in text
    assert "AUROC" not in text
    assert "decided otherwise since" not in text
    pipeline.decide(run, [1], "relabel", new_label=1, reviewer="ann")
    assert "1 sample was decided otherwise since the repair." in Page(report_html(run)).text


def test_an_attack_whose_success_could_not_be_measured(workspace, make_dataset):
    clean = make_dataset(60, n_test=40)
    only = clean.test_labels == 1
    object.__setattr__(clean, "test_inputs", clean.test_inputs.take(only))
    object.__setattr__(clean, "test_labels", clean.test_labels[only])
    poisoned, truth = plant(clean, Specification((AttackSpec("patch", 0.1, 1), AttackSpec("single_pixel", 0.1, 2))))
    info = store.save(workspace, poisoned, source="test", truth=truth)
    run = pipeline.work(pipeline.new_run(workspace, info.id, TrainConfig(epochs=1)))
    pipeline.decide(run, [1, 2], "exclude", reviewer="ann")
    pipeline.work(pipeline.new_repair(run))
    assert "Attack success rate, patch – –" in Page(report_html(run)).text


def test_writing_the_report(finished, tmp_path):
    path = tmp_path / "report.html"
    assert write_report(finished, path) == path.stat().st_size
    assert path.read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(UserError, match=r"The name has to end in \.html"):
        write_report(finished, tmp_path / "report.txt")
    with pytest.raises(UserError, match="There is no folder"):
        write_report(finished, tmp_path / "nowhere" / "report.html")
    assert [found.name for found in tmp_path.iterdir() if "report" in found.name] == ["report.html"]


@pytest.mark.parametrize(("value", "expected"), [(None, "–"), (float("nan"), "–"), (0.1234, "12.3%"), (1.0, "100.0%")])
def test_fractions_in_words(value, expected):
    assert report.percent(value) == expected


def test_the_doubled_trigger_is_told_where_it_was_measured(repaired):
    text = Page(report_html(repaired)).text
    before, after = runs.outcome(repaired), runs.outcome(runs.children(repaired)[0])
    rates = [model.attack_success_rate["blended_random"] for model in (before, after)]
    rates += [model.doubled_attack_success_rate["blended_random"] for model in (before, after)]
    assert "before, trigger ×2 after, trigger ×2" in text
    assert f"Attack success rate, blended random {' '.join(map(percent, rates))} lower" in text
    patch = percent(before.attack_success_rate["patch"]), percent(after.attack_success_rate["patch"])
    assert f"Attack success rate, patch {' '.join(patch)} – – lower" in text


def test_what_the_decisions_leave_open_is_printed(finished):
    table = review_table(opened(finished))
    flagged = table.loc[table["flagged"], "id"].tolist()
    pipeline.decide(finished, flagged[:3], "exclude", reviewer="ann")
    text = Page(report_html(finished)).text
    assert f"{len(flagged) - 3} of {len(flagged)} flagged samples are undecided" in text
    assert "Activation Clustering judged 4 of 4 classes: " in text
    name = store.describe(finished.workspace, finished.dataset).class_names[0]
    whole = table.loc[table["label"] == 0, "id"].tolist()
    pipeline.decide(finished, whole, "exclude", reviewer="ann")
    assert f"{name} loses all {len(whole)}" in Page(report_html(finished)).text


def test_a_rate_is_an_expected_one_and_a_fallback_is_named_without_any(finished):
    n = len(opened(finished).data)
    p_values = np.where(np.arange(n) < 20, 1 / 101, 1.0).astype(np.float32)
    found = Detection(1 - p_values, p_values < 0.5, notes=Notes(RULES["rate"], counted_on=100), p_values=p_values)
    runs.save_detection(finished, "consensus", found, {"false_discovery_rate": 0.2}, 1.0)
    text = Page(report_html(finished)).text
    expected = "about 20% of them wrong on average over draws of bona fide samples, in this draw 0% to "
    assert f"20 of {n} samples are flagged by Consensus, by its own rule: {expected}" in text
    assert ", with 90% confidence" in text
    fallback = replace(found, notes=replace(found.notes, rule=RULES["budget"]))
    runs.save_detection(finished, "consensus", fallback, {"false_discovery_rate": 0.2}, 1.0)
    text = Page(report_html(finished)).text
    assert "by its fallback rule: as many as are estimated to be poison, no rate promised" in text
    for words in ("at most", "of them wrong", "No sign of poison in"):
        assert words not in text
