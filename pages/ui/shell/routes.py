"""What is served by address beside the pages: pictures and downloads.

No picture passes through a session. A download is made when it is asked for, and is there however slow the connection.
What `st.download_button` makes when it is clicked is gone with the second run of any page, within a second.

The server answers before most of core is imported, so what an address needs of it is imported when it is asked for.
"""

import hashlib
import re
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from streamlit import config

from core.errors import UserError
from pages.ui.access.headers import ALONE, PICTURE

if TYPE_CHECKING:
    from core.modalities.shown import Shown
    from core.runs import Run

_ARCHIVE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}\.npz")
_NUMBER = re.compile(r"[0-9]{1,18}")  # what a database takes
# No dot and no slash: a name can never leave its folder.
_RUN_OR_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_DIGEST = re.compile(r"[0-9a-f]{32}")
_ARRAY = re.compile(r"[a-z0-9_-]{1,64}")
# A data set never changes under its id; an array of a run may be made again.
_LASTING = "private, max-age=86400, immutable"
_SHORT = "private, max-age=60"
_MOST_SHOWN = 4  # reports, of several megabytes each
_shown: OrderedDict[str, str] = OrderedDict()  # what pages just wrote, so that their frames need not write it again
_HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


def image_routes(workspace: Path) -> list[Route]:
    """Routes of the addresses in `pages.ui.widgets.pictures`, for `st.App(…, routes=…)`; all else is 404."""

    def training_image(request: Request) -> Response:
        return _input(workspace / "datasets" / _part(request, "dataset"), 0, request)

    def test_image(request: Request) -> Response:
        return _input(workspace / "datasets" / _part(request, "dataset"), 1, request)

    def array_image(request: Request) -> Response:
        name = _part(request, "name", _ARRAY)
        return _row_picture(workspace / "runs" / _part(request, "run") / f"{name}.npy", request, _SHORT)

    def example_image(request: Request) -> Response:
        from core.data.preview import EXAMPLES

        return _row_picture(workspace / "previews" / _part(request, "job") / EXAMPLES, request, _LASTING)

    def triggered(request: Request) -> Response:
        from core.evaluation.trials import shown_triggered

        dataset, attack = _part(request, "dataset"), _part(request, "attack", _ARRAY)
        strength, row = _number(request, "strength"), _number(request, "row")
        try:
            return _picture(shown_triggered(workspace, dataset, attack, strength, row), _LASTING)
        except (LookupError, UserError):
            raise HTTPException(404) from None

    def recovered(request: Request) -> Response:
        from core import runs
        from core.evaluation.recovered_trials import RecoveredTrigger
        from core.evaluation.trials import shown_triggered

        group, row = _number(request, "group"), _number(request, "row")
        try:
            run = runs.open_run(workspace, _part(request, "run"))
            return _picture(shown_triggered(workspace, run.dataset, RecoveredTrigger(run.id, group), 1, row), _SHORT)
        except (LookupError, UserError):
            raise HTTPException(404) from None

    return [
        Route("/recovered/{run}/{group}/{row}.png", recovered),
        Route("/triggered/{dataset}/{attack}/{strength}/{row}.png", triggered),
        Route("/thumb/{dataset}/{row}.png", training_image),
        Route("/thumb/{dataset}/test/{row}.png", test_image),
        Route("/preview/{job}/{row}.png", example_image),
        Route("/array/{run}/{name}/{row}.png", array_image),
    ]


def download_routes(workspace: Path) -> list[Route]:
    """Routes of `journal_address`, `copy_address` and `report_address`; all else is 404."""

    def journal(request: Request) -> Response:
        from core import pipeline, runs

        query = request.query_params
        filters: dict[str, Any] = {name: query[name] for name in ("reviewer", "decision") if name in query}
        if "sample" in query:
            if not _NUMBER.fullmatch(query["sample"]):
                raise HTTPException(404)
            filters["sample"] = int(query["sample"])
        try:
            run = runs.open_run(workspace, _part(request, "run"))
            content = pipeline.journal_file(run, ".csv", **filters)
        except UserError:
            raise HTTPException(404) from None
        named = f'attachment; filename="assay-{run.id}-journal.csv"'
        return Response(content, media_type="text/csv", headers={**_HEADERS, "Content-Disposition": named})

    def copied(request: Request) -> Response:
        path = workspace / "copies" / _part(request, "job") / _part(request, "file", _ARCHIVE)
        if not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, media_type="application/octet-stream", filename=path.name, headers=_HEADERS)

    def reported(request: Request) -> Response:
        from core import runs
        from core.output.report import report_html

        try:
            run = runs.open_run(workspace, _part(request, "run"))
            content = _shown.get(f"{run.path}?{request.url.query}") or report_html(run)
        except UserError:
            raise HTTPException(404) from None
        return HTMLResponse(content, headers=_HEADERS | ALONE)

    return [
        Route("/journal/{run}.csv", journal),
        Route("/copies/{job}/{file}", copied),
        Route("/report/{run}.html", reported),
    ]


def held_routes() -> list[Route]:
    """Routes of the addresses in `pages.ui.widgets.held`; what is no longer held is 404."""

    def numbers(request: Request) -> Response:
        from pages.ui.widgets.held import held

        content = held(_part(request, "digest", _DIGEST))
        if content is None:
            raise HTTPException(404)
        headers = {"Cache-Control": _LASTING, "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type="application/octet-stream", headers=headers)

    return [Route("/held/{digest}.bin", numbers)]


def journal_address(run: "Run", filters: dict[str, Any]) -> str:
    """The address of the journal, with the filters of `core.journal.review.journal`; None filters nothing."""
    query = urlencode({name: value for name, value in filters.items() if value is not None})
    return f"journal/{run.id}.csv" + (f"?{query}" if query else "")


def copy_address(target: Path) -> str:
    """The address of a copied clean set."""
    return f"copies/{target.parent.name}/{target.name}"


def report_address(run: "Run", content: str) -> str:
    """The address of the report as a page shows it: from the root, and another one for another content.

    The content is at hand there, for it takes a second to write.
    """
    base = (config.get_option("server.baseUrlPath") or "").strip("/")
    version = hashlib.sha256(content.encode()).hexdigest()[:12]
    _shown[f"{run.path}?{version}"] = content
    while len(_shown) > _MOST_SHOWN:
        _shown.popitem(last=False)
    return f"{f'/{base}' if base else ''}/report/{run.id}.html?{version}"


def _part(request: Request, name: str, allowed: re.Pattern[str] = _RUN_OR_DATASET) -> str:
    """One part of the address; 404 unless it is wholly `allowed`."""
    value: str = request.path_params[name]
    if not allowed.fullmatch(value):
        raise HTTPException(404)
    return value


def _number(request: Request, name: str) -> int:
    """A number of the address; Starlette's own conversion raises for one of thousands of digits."""
    return int(_part(request, name, _NUMBER))


def _row_picture(path: Path, request: Request, caching: str) -> Response:
    from core import checksums
    from core.modalities import shown_row

    try:
        if checksums.wrong(path.parent, path.name):
            raise HTTPException(404)
        shown = shown_row(path, _number(request, "row"))
    except (LookupError, UserError):
        raise HTTPException(404) from None
    return _picture(shown, caching)


def _input(folder: Path, part: int, request: Request) -> Response:
    from core import checksums
    from core.modalities import files_of, shown_input

    try:
        if any(checksums.wrong(folder, file) for file in files_of(folder, part)):
            raise HTTPException(404)
        shown = shown_input(folder, part, _number(request, "row"))
    except (LookupError, UserError):
        raise HTTPException(404) from None
    return _picture(shown, _LASTING)


def _picture(shown: "Shown", caching: str) -> Response:
    """A picture; whatever it holds, it can load and run nothing where it is opened by its address."""
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff", **PICTURE}
    return Response(shown.content, media_type=shown.media, headers=headers)
