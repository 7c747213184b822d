"""The addresses of the thumbnails: the right image, and nothing else."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import checksums
from pages.ui.shell.routes import image_routes


@pytest.fixture
def client(workspace: Path) -> TestClient:
    folder = workspace / "datasets" / "tiny-1"
    folder.mkdir(parents=True)
    np.save(folder / "images.npy", np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1))
    np.save(folder / "test_images.npy", np.full((1, 8, 8, 3), 9, np.uint8))
    run = workspace / "runs" / "run-1"
    run.mkdir(parents=True)
    np.save(run / "triggered.npy", np.full((1, 8, 8, 1), 7, np.uint8))
    np.save(run / "losses.npy", np.zeros((2, 3), np.float32))
    (workspace / "secret.npy").write_bytes(b"secret")
    return TestClient(Starlette(routes=image_routes(workspace)))


@pytest.mark.parametrize(
    ("address", "value"),
    [("thumb/tiny-1/1.png", 64), ("thumb/tiny-1/test/0.png", 9), ("array/run-1/triggered/0.png", 7)],
)
def test_an_address_answers_with_its_image(client: TestClient, address: str, value: int) -> None:
    answer = client.get(f"/{address}")
    assert answer.headers["content-type"] == "image/png"
    assert np.asarray(Image.open(BytesIO(answer.content))).flat[0] == value


@pytest.mark.parametrize(
    "address",
    [
        "thumb/tiny-1/2.png",  # no such row
        "thumb/other/0.png",  # no such data set
        "thumb/../secret/0.png",
        "thumb/%2e%2e%2fsecret/0.png",
        "array/run-1/losses/0.png",  # not images
        "array/run-1/..%2f..%2fsecret/0.png",
        "array/run-1/triggered/-1.png",
        f"thumb/tiny-1/{'9' * 5000}.png",  # more digits than Python turns into a number
        f"thumb/tiny-1/test/{'9' * 5000}.png",
        f"preview/job-1/{'9' * 5000}.png",
        f"triggered/tiny-1/patch/{'9' * 5000}/0.png",
        f"thumb/tiny-1/{10**17}.png",
        "thumb/tiny-1/%D9%A1.png",  # an Arabic one
    ],
)
def test_anything_else_is_not_found(client: TestClient, address: str) -> None:
    assert client.get(f"/{address}").status_code == 404


def test_a_picture_whose_file_was_changed_is_not_shown(client: TestClient, workspace: Path) -> None:
    folder = workspace / "datasets" / "tiny-1"
    checksums.record(folder, "images.npy", "test_images.npy")
    assert client.get("/thumb/tiny-1/1.png").status_code == 200
    content = bytearray((folder / "images.npy").read_bytes())
    content[-1] ^= 1
    (folder / "images.npy").write_bytes(content)
    assert client.get("/thumb/tiny-1/1.png").status_code == 404
    assert client.get("/thumb/tiny-1/test/0.png").status_code == 200
    (folder / checksums.FILE).write_bytes(b"[")
    assert client.get("/thumb/tiny-1/test/0.png").status_code == 404
