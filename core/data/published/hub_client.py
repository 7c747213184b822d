"""The library that speaks with the Hugging Face Hub: where that is, whose token is sent, and what went wrong."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.errors import UserError

TOKEN = "HF_TOKEN"  # of a person who may read what is not public; what the library saved elsewhere is not used
ENDPOINT = "HF_ENDPOINT"  # another server of the same layout

FORBIDDEN = (401, 403)  # the Hub does not know who asks, or does not let them


def library() -> Any:
    """The module `huggingface_hub`. Raises UserError where it is not installed."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ImportError as error:
        raise UserError(
            "The Hub needs the package huggingface_hub.",
            "It is not installed.",
            "Run `pip install huggingface_hub`, or install Assay with its extra `hub`.",
        ) from error
    return huggingface_hub


def server(endpoint: str) -> str | None:
    """The address of the Hub: the given one, else what the environment names; None for the library's own."""
    return endpoint or os.environ.get(ENDPOINT) or None


def token() -> str | bool:
    """The token that the environment names; False for none, so that the library looks for no other."""
    return os.environ.get(TOKEN, "").strip() or False


def gated(repo: str) -> UserError:
    """What is said where a data set asks for more than its name."""
    return UserError(
        f"{repo} is given only to people who accept its terms.",
        f"The Hub asks for a token of yours, which {TOKEN} names here.",
        "Accept the terms on its page, make a token that may read it, and set the variable.",
    )


@contextmanager
def told(repo: str) -> Iterator[None]:
    """What the library raises, in words."""
    errors = library().errors
    try:
        yield
    except UserError:
        raise
    except errors.GatedRepoError as error:
        raise gated(repo) from error
    except errors.RepositoryNotFoundError as error:
        raise UserError(
            f"There is no data set {repo} on the Hub.",
            f"Or it is private, and {TOKEN} names no token that may read it.",
            "Copy the name from the data set's page.",
        ) from error
    except errors.HfHubHTTPError as error:
        code = error.response.status_code if error.response is not None else 0
        if code in FORBIDDEN:
            hint = f"Make a token that may, and set {TOKEN}; or take a name of your own."
            raise UserError(
                f"The token may not do that with {repo}.", f"The Hub answered with {code}.", hint
            ) from error
        raise UserError(
            "The Hub did not give what was asked for.",
            f"It answered with the error {code}." if code else str(error)[:200],
            "Try again later." if code in (0, 429) or code >= 500 else "Look at the data set's page on the Hub.",
        ) from error
    except (errors.HTTPError, errors.OfflineModeIsEnabled, OSError) as error:
        raise UserError(
            "The Hub cannot be reached.", f"{str(error)[:200]}", "Check the connection, or bring the files yourself."
        ) from error
