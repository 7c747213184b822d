"""The texts of a plan, made and taken apart."""

import pytest

from core.pipeline.training import CORE_PLAN, FULL_MAPS, LOADED_PLAN
from core.runs.plan import Stage, of_kind, parse_stage, reclassification, reclassified_classes, texts
from core.stages.progress import KINDS, title_of
from core.stages.worker import STAGES


@pytest.mark.parametrize("text", [*CORE_PLAN, *FULL_MAPS, *LOADED_PLAN, "detect:badloss", "reclassify:each,0"])
def test_a_stage_is_told_by_its_text_and_has_a_worker_and_a_title(text):
    stage = parse_stage(text)
    assert str(stage) == text
    assert stage.kind in STAGES
    assert "{" not in title_of(text)


def test_every_kind_that_a_worker_does_has_a_weight():
    assert set(STAGES) == set(KINDS)


@pytest.mark.parametrize(("classes", "each"), [([], False), ([], True), ([0, 12], False), ([3], True)])
def test_what_is_reclassified_is_told_by_the_argument(classes, each):
    stage = reclassification(classes, each=each)
    assert reclassified_classes(stage.argument) == (classes, each)
    assert parse_stage(str(stage)) == stage


def test_the_stages_of_one_kind_keep_their_order_and_their_texts():
    plan = ("train", "maps:pca", "detect:strip", "maps:ica", "mapsize")
    assert of_kind(plan, "maps") == [Stage("maps", "pca"), Stage("maps", "ica")]
    assert texts(of_kind(plan, "maps")) == ("maps:pca", "maps:ica")
