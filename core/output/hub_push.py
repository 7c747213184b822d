"""The clean set on the Hugging Face Hub: pushed only when somebody asks for it, private unless they say otherwise."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.analysis.opened_run import OpenedRun
from core.data.published.hub import HubPlace, place_of
from core.data.published.hub_client import TOKEN, library, server, token, told
from core.errors import UserError
from core.output.clean_copy import write_clean_copy

Listen = Callable[[float, str], None]
WRITTEN = 0.5  # how far the work is when all is written and nothing is sent yet
_ITS_OWN = (".gitattributes",)  # the Hub puts these into what is new
_SECONDS = 20.0  # that the Hub has to answer a question


def push_clean_copy(
    opened: OpenedRun,
    name: str,
    listen: Listen = lambda progress, message: None,
    *,
    public: bool = False,
    replace: bool = False,
    endpoint: str = "",
) -> dict[str, Any]:
    """Push what the verdicts leave of the run's data, as `datasets` opens it; returns where it is and what it holds.

    Args:
        opened: the run.
        name: owner and name of the data set, new on the Hub.
        listen: told the progress, in [0, 1], and what is done; what it raises ends the work.
        public: whether everybody may see it; else only its owner.
        replace: whether the name may be that of a data set that holds something, whose `data` folder is replaced.
        endpoint: the server; default: what `HF_ENDPOINT` names, else the Hub itself.

    Raises:
        UserError: no token, no connection, no right to write there, or there is something already.
    """
    repo = repo_of(name)
    hub = library()
    own = token() or hub.get_token()
    if not own:
        raise UserError(
            "Nobody is signed in to the Hub.",
            "What is pushed needs an owner.",
            f"Make a token that may write, and set {TOKEN}; or call `hf auth login`.",
        )
    api = hub.HfApi(endpoint=server(endpoint), token=own)
    with told(repo):
        is_new = _is_new(hub, api, repo, public=public, replace=replace)
    with TemporaryDirectory(prefix=".push-", dir=opened.run.workspace) as place:
        folder = Path(place) / "clean"
        said = write_clean_copy(
            opened, folder, lambda done, part: listen(WRITTEN * done, f"writing {part}"), files="datasets"
        )
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        listen(WRITTEN, f"sending {size / 1e6:,.1f} MB")
        with told(repo):
            if is_new:
                api.create_repo(repo, repo_type="dataset", private=not public)
            sent = api.upload_folder(
                repo_id=repo,
                repo_type="dataset",
                folder_path=folder,
                commit_message=f"The clean set of {opened.run.id}",
                delete_patterns=["data/*"] if replace else None,
            )
    listen(1.0, "")
    counts = {key: said[key] for key in ("samples", "excluded", "relabelled", "files")}
    return {"name": f"hf://{repo}", "commit": str(sent.oid), "private": not public, "bytes": size, **counts}


def repo_of(name: str) -> str:
    """Owner and name of a data set, however it is written. Raises UserError for anything else.

    >>> repo_of("hf://owner/name"), repo_of("owner/name")
    ('owner/name', 'owner/name')
    """
    try:
        place = place_of(name)
    except UserError:
        place = HubPlace("")
    if not place.repo or place.folder or place.split:
        raise UserError(
            f"{name.strip()[:100]!r} is no name for a data set on the Hub.",
            "It is written owner/name.",
            "The owner is you, or an organisation that you may write for.",
        )
    return place.repo


def _is_new(hub: Any, api: Any, repo: str, *, public: bool, replace: bool) -> bool:
    """Whether no data set has that name yet. Raises UserError where one has, and nothing may be put there."""
    try:
        about = api.dataset_info(repo, timeout=_SECONDS)
    except hub.errors.RepositoryNotFoundError:
        return True
    if not public and not about.private:
        raise UserError(
            f"{repo} is there, and everybody can see it.",
            "What is pushed is private unless you say otherwise.",
            "Take another name, or push with --public.",
        )
    if not replace and any(entry.rfilename not in _ITS_OWN for entry in about.siblings or ()):
        raise UserError(
            f"{repo} holds something already.", "Nothing is overwritten.", "Take another name, or push with --replace."
        )
    return False
