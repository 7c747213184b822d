"""What of this process's environment a worker gets: workers read the files of strangers, so no secret lies about there.

Most of it stays behind. What a command needs that may hold a password goes through the worker's standard input, not
through its environment: that is a file (/proc/self/environ) to whoever has made it read files.
"""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from core.settings import ARCHITECTURES, DATABASE, MOST_MEMORY, MOST_MINUTES, MOST_READERS

_PLAIN = re.compile(
    rf"{MOST_MEMORY}|{MOST_MINUTES}|{MOST_READERS}|"
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TERM|TMPDIR|VIRTUAL_ENV|SSL_CERT_(FILE|DIR)|"
    r"SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|TEMP|TMP|USERNAME|USERPROFILE|HOMEDRIVE|HOMEPATH|(LOCAL)?APPDATA|"
    r"NUMBER_OF_PROCESSORS|PROCESSOR_\w+|"
    r"(REQUESTS|CURL)_CA_BUNDLE|PYTHON\w+|(LC|XDG|LD|DYLD|MALLOC)_\w+|"
    r"(OMP|GOMP|KMP|MKL|OPENBLAS|BLIS|VECLIB|NUMEXPR|NUMBA|TOKENIZERS|PYTORCH|TORCH|TORCHINDUCTOR|TRITON)_\w+|"
    r"(CUDA|CUBLAS|CUDNN|NVIDIA|NCCL|HIP|HSA|ROCR|ROCM|MIOPEN)_\w+"
)
_JOURNAL = re.compile(rf"{DATABASE}|PG[A-Z]+")
_NETWORK = re.compile(r"(?i:(https?|ftp|all|no)_proxy)|HF_(TOKEN|TOKEN_PATH|HOME|ENDPOINT)")
_NEEDED = {
    "resume": _JOURNAL,
    "load-model": _JOURNAL,
    "load-run": _JOURNAL,
    "copy-clean": _JOURNAL,
    "push-clean": re.compile(f"{_JOURNAL.pattern}|{_NETWORK.pattern}"),
    "download": _NETWORK,
    "hub": _NETWORK,
}


def worker_environment(around: Mapping[str, str], root: Path) -> dict[str, str]:
    """The variables that every worker gets, with absolute paths: it works in another folder than this process.

    Args:
        around: the environment of this process.
        root: the folder that `core` lies in.
    """
    kept = {name: value for name, value in around.items() if _PLAIN.fullmatch(name)}
    modules = _absolute(around.get("PYTHONPATH", ""))
    own = _absolute(around.get(ARCHITECTURES, ""))
    return kept | {"PYTHONPATH": os.pathsep.join([str(root), *modules]), ARCHITECTURES: os.pathsep.join(own)}


def command_environment(command: str, around: Mapping[str, str]) -> dict[str, str]:
    """The variables that only this command of `python -m core` gets, through its standard input."""
    needed = _NEEDED.get(command)
    return {name: value for name, value in around.items() if needed and needed.fullmatch(name)}


def take_environment() -> None:
    """Take over what was handed to this process."""
    os.environ.update(json.load(sys.stdin))


def _absolute(paths: str) -> list[str]:
    return [str(Path(path).absolute()) for path in paths.split(os.pathsep) if path]
