"""What has to be in view at the same time where samples are texts."""

import csv
import re
from pathlib import Path

from playwright.sync_api import expect

from core import pipeline
from core.attacks.specification import Specification, parse_spec
from core.training.config import TrainConfig
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT
from tests.browser.test_pages import eventually
from tests.browser.test_review import BAR, TILE, opened

DEMO = Path(__file__).parents[3] / "assets" / "demo" / "sms_spam.csv"
PLAN = ("train", "activations", "detect:badloss", "families", "evaluate")


def planted(workspace: Path) -> None:
    """A quarter of the demo's texts, a phrase in some, trained and flagged."""
    workspace.mkdir(parents=True, exist_ok=True)
    with DEMO.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    few = workspace / "few.csv"
    with few.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows[::4]])
    clean = pipeline.import_dataset(workspace, few, "texts")
    info = pipeline.attack(workspace, clean.id, Specification((parse_spec("phrase:ratio=0.1,target=0"),)))
    pipeline.work(pipeline.new_run(workspace, info.id, TrainConfig(model="bag_of_embeddings", epochs=4), plan=PLAN))


def test_the_first_text_of_a_family_is_in_view_below_its_words(serve: Serve, page: OpenPage, workspace: Path) -> None:
    planted(workspace)
    window = opened(page, serve(workspace).url, 1000, 700)
    window.get_by_role("button", name=re.compile("^Family 1")).click()
    words = window.locator(".st-key-said-unit")
    expect(words).to_be_visible(timeout=PATIENT)

    def whole() -> bool:
        tile, bar = window.locator(TILE).first.bounding_box(), window.locator(BAR).bounding_box()
        return bool(tile and bar and tile["y"] + tile["height"] <= bar["y"])

    eventually(whole)
    expect(words.locator("..")).to_have_css("overflow-y", "auto")  # none of it is lost
