"""Thumbnails by address, served beside the pages, so that no image passes through a session."""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.datasets.preview import EXAMPLES
from core.errors import UserError
from core.pictures import png_of, png_of_row
from core.trials import triggered_image

# No dot and no slash: a name can never leave its folder.
_RUN_OR_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_ARRAY = re.compile(r"[a-z0-9_-]{1,64}")
# A data set never changes under its id; an array of a run may be made again.
_LASTING = "private, max-age=86400, immutable"
_SHORT = "private, max-age=60"


def image_routes(workspace: Path) -> list[Route]:
    """Routes of the thumbnails of a workspace, for `st.App(…, routes=image_routes(workspace))`.

    `thumb/<data set>/<row>.png`, `thumb/<data set>/test/<row>.png`, `array/<run>/<name>/<row>.png`, an example of data
    that are not imported yet, `preview/<job>/<row>.png`, and a test image with a planted trigger,
    `triggered/<data set>/<attack>/<strength>/<row>.png`; all else is 404.
    """

    def training_image(request: Request) -> Response:
        return _answer(workspace / "datasets" / part(request, "dataset") / "images.npy", request, _LASTING)

    def test_image(request: Request) -> Response:
        return _answer(workspace / "datasets" / part(request, "dataset") / "test_images.npy", request, _LASTING)

    def array_image(request: Request) -> Response:
        name = part(request, "name", _ARRAY)
        return _answer(workspace / "runs" / part(request, "run") / f"{name}.npy", request, _SHORT)

    def example_image(request: Request) -> Response:
        return _answer(workspace / "previews" / part(request, "job") / EXAMPLES, request, _LASTING)

    def triggered(request: Request) -> Response:
        dataset, attack = part(request, "dataset"), part(request, "attack", _ARRAY)
        strength, row = request.path_params["strength"], request.path_params["row"]
        try:
            return _png(png_of(triggered_image(workspace, dataset, attack, strength, row)), _LASTING)
        except (LookupError, UserError):
            raise HTTPException(404) from None

    return [
        Route("/triggered/{dataset}/{attack}/{strength:int}/{row:int}.png", triggered),
        Route("/thumb/{dataset}/{row:int}.png", training_image),
        Route("/thumb/{dataset}/test/{row:int}.png", test_image),
        Route("/preview/{job}/{row:int}.png", example_image),
        Route("/array/{run}/{name}/{row:int}.png", array_image),
    ]


def part(request: Request, name: str, allowed: re.Pattern[str] = _RUN_OR_DATASET) -> str:
    """One part of the address; 404 unless it is wholly `allowed`."""
    value: str = request.path_params[name]
    if not allowed.fullmatch(value):
        raise HTTPException(404)
    return value


def _answer(path: Path, request: Request, caching: str) -> Response:
    try:
        png = png_of_row(path, request.path_params["row"])
    except LookupError:
        raise HTTPException(404) from None
    return _png(png, caching)


def _png(png: bytes, caching: str) -> Response:
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff"}
    return Response(png, media_type="image/png", headers=headers)
