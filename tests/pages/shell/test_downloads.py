"""The addresses of files to take home: what was asked for, and nothing else."""

from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit import config

from core import pipeline, runs
from core.data import store
from core.journal import review
from core.journal.review import Verdict
from core.modalities.image.inputs import ImageInputs
from core.runs import Run
from core.training.config import TrainConfig
from core.types import Dataset
from pages.ui.shell.routes import copy_address, download_routes, journal_address, report_address

COPY = b"an archive"


@pytest.fixture
def run(workspace: Path) -> Run:
    images, labels = ImageInputs(np.zeros((6, 4, 4, 1), np.uint8)), np.arange(6) % 2
    dataset = Dataset(
        "six",
        np.arange(6),
        images,
        labels,
        ImageInputs(images.array[:2]),
        labels[:2],
        ("a", "b"),
        np.zeros(6, np.bool_),
    )
    info = store.save(workspace, dataset, source="test")
    made = runs.create(workspace, info, asdict(TrainConfig()), pipeline.CORE_PLAN, name="First")
    review.record(workspace, made.id, {1: Verdict("exclude"), 2: Verdict("keep")}, reviewer="ann & bob")
    review.record(workspace, made.id, {2: Verdict("exclude")}, reviewer="cleo", reason="=HYPERLINK(1)")
    return made


@pytest.fixture
def client(run: Run) -> TestClient:
    folder = run.workspace / "copies" / "20260102-030405-ab12"
    folder.mkdir(parents=True)
    (folder / "six-clean.npz").write_bytes(COPY)
    (folder / "job.json").write_text("secret")
    (run.workspace / "secret.npz").write_bytes(b"secret")
    return TestClient(Starlette(routes=download_routes(run.workspace)))


@pytest.mark.parametrize(
    ("wanted", "samples"),
    [
        ({}, [1, 2, 2]),
        ({"reviewer": None, "decision": None, "sample": None}, [1, 2, 2]),
        ({"reviewer": "ann & bob"}, [1, 2]),
        ({"decision": "exclude", "sample": 2}, [2]),
        ({"sample": 0}, []),
    ],
)
def test_the_journal_that_was_asked_for(
    client: TestClient, run: Run, wanted: dict[str, object], samples: list[int]
) -> None:
    answer = client.get(f"/{journal_address(run, wanted)}")
    assert answer.headers["content-disposition"] == f'attachment; filename="assay-{run.id}-journal.csv"'
    assert answer.headers["cache-control"] == "private, no-store"
    assert pd.read_csv(BytesIO(answer.content))["sample"].tolist() == samples
    assert b",=HYPERLINK" not in answer.content


def test_a_copied_clean_set(client: TestClient, run: Run) -> None:
    address = copy_address(run.workspace / "copies" / "20260102-030405-ab12" / "six-clean.npz")
    answer = client.get(f"/{address}")
    assert (answer.status_code, answer.content) == (200, COPY)
    assert answer.headers["content-disposition"] == 'attachment; filename="six-clean.npz"'


@pytest.mark.parametrize(
    "address",
    [
        "journal/no-such-run.csv",
        "journal/%2e%2e%2fsecret.csv",
        "journal/{run}.csv?sample=one",
        "journal/{run}.csv?sample=-1",
        "journal/{run}.csv?sample=" + "9" * 30,
        "copies/20260102-030405-ab12/job.json",
        "copies/20260102-030405-ab12/other.npz",
        "copies/20260102-030405-ab12/..%2f..%2fsecret.npz",
        "copies/..%2f/secret.npz",
        "copies/../secret.npz",
    ],
)
def test_anything_else_is_not_found(client: TestClient, run: Run, address: str) -> None:
    assert client.get("/" + address.format(run=run.id)).status_code == 404


def test_no_table_hands_formulas_to_a_spreadsheet() -> None:
    assert config.get_option("client.disableDataExport")


def test_the_address_of_a_report_answers_with_it_under_a_policy_of_its_own(client: TestClient, run: Run) -> None:
    answer = client.get(report_address(run, "content").partition("?")[0])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert run.id in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "http://" not in answer.text.replace("http://www.w3.org/", "")  # nothing that the policy would stop


def test_a_report_that_a_page_wrote_is_not_written_again_for_its_frame(client: TestClient, run: Run) -> None:
    address = report_address(run, "<p>as the page wrote it</p>")
    assert client.get(address).text == "<p>as the page wrote it</p>"
    assert "Assay report" in client.get(address.partition("?")[0]).text  # one that no page wrote


def test_the_address_of_a_report_that_is_not_there_is_not_found(client: TestClient, run: Run) -> None:
    assert client.get(f"{report_address(run, '')}".replace(run.id, "nothing")).status_code == 404
    assert client.get("/report/..%2f..%2fsecret.html").status_code == 404
