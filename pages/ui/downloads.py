"""Files by address, served beside the pages: made when they are asked for, and there however slow the connection.

What `st.download_button` makes when it is clicked is gone again with the second run of any page of any visitor, which
here comes within a second.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from core import pipeline, runs
from core.errors import UserError
from core.runs import Run
from pages.ui.images import part

_ARCHIVE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}\.npz")
_NUMBER = re.compile(r"[0-9]{1,18}")  # what a database takes
_HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


def journal_address(run: Run, wanted: dict[str, Any]) -> str:
    """Where the journal is found; `wanted` as for `core.review.journal`."""
    asked = urlencode({name: value for name, value in wanted.items() if value is not None})
    return f"journal/{run.id}.csv" + (f"?{asked}" if asked else "")


def copy_address(target: Path) -> str:
    """Where a copied clean set is found."""
    return f"copies/{target.parent.name}/{target.name}"


def download_routes(workspace: Path) -> list[Route]:
    """Routes of `journal_address` and `copy_address`; all else is 404."""

    def journal(request: Request) -> Response:
        asked = request.query_params
        wanted: dict[str, Any] = {name: asked[name] for name in ("reviewer", "decision") if name in asked}
        if "sample" in asked:
            if not _NUMBER.fullmatch(asked["sample"]):
                raise HTTPException(404)
            wanted["sample"] = int(asked["sample"])
        try:
            run = runs.open_run(workspace, part(request, "run"))
            content = pipeline.journal_file(run, ".csv", **wanted)
        except UserError:
            raise HTTPException(404) from None
        named = f'attachment; filename="assay-{run.id}-journal.csv"'
        return Response(content, media_type="text/csv", headers={**_HEADERS, "Content-Disposition": named})

    def copied(request: Request) -> Response:
        path = workspace / "copies" / part(request, "job") / part(request, "file", _ARCHIVE)
        if not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, media_type="application/octet-stream", filename=path.name, headers=_HEADERS)

    return [Route("/journal/{run}.csv", journal), Route("/copies/{job}/{file}", copied)]
