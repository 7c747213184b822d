"""The packages of a lock as every pip takes them: `python -m upkeep.hashed pylock.toml` prints a requirement a line.

The pip that comes with Python 3.11 knows no `pylock.toml`. What it installs of these lines it checks against their
hashes, wherever it comes from: a mirror is as good as the index that the lock names.
"""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

INDEX_FILES = "files.pythonhosted.org"  # where the public index keeps its files; a lock that names others is refused
# With CPU=1, torch is there already, from an index of its own, and what it needs on GPUs is left out.
OF_GPUS = ("torch", "torchvision", "triton")
OF_GPUS_BEGIN = ("nvidia-", "cuda-")


def hashed(lock: Mapping[str, Any], *, cpu: bool = False) -> list[str]:
    """A requirement with its marker and its hashes for each package of a lock, in order.

    Args:
        lock: what `pylock.toml` holds (PEP 751).
        cpu: without torch and what it needs on GPUs.

    Raises:
        ValueError: a package has no version, a file has no SHA-256 hash, or lies elsewhere than on the public index.

    >>> wheel = {"url": "https://files.pythonhosted.org/packages/six-1.17.0.whl", "hashes": {"sha256": "4721"}}
    >>> hashed({"packages": [{"name": "six", "version": "1.17.0", "marker": "os_name == 'nt'", "wheels": [wheel]}]})
    ["six==1.17.0 ; os_name == 'nt' --hash=sha256:4721"]
    """
    return [_requirement(one) for one in lock["packages"] if not (cpu and of_gpus(one["name"]))]


def read(path: Path, *, cpu: bool = False) -> list[str]:
    """The same for a lock in a file. Raises OSError, KeyError and ValueError where it cannot be used."""
    return hashed(tomllib.loads(path.read_text("utf-8")), cpu=cpu)


def of_gpus(name: str) -> bool:
    """Whether a package is torch, or is there for its GPUs only."""
    return name in OF_GPUS or name.startswith(OF_GPUS_BEGIN)


def _requirement(package: Mapping[str, Any]) -> str:
    name, version = package["name"], package.get("version")
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
    if not version or not files:
        raise ValueError(f"{name} has no version or no file.")
    for file in files:
        address = urlparse(file.get("url", ""))
        if (address.scheme, address.hostname) != ("https", INDEX_FILES):
            raise ValueError(f"A file of {name} lies elsewhere than on the public index: {file.get('url')}")
        if not file.get("hashes", {}).get("sha256"):
            raise ValueError(f"A file of {name} has no hash: {file['url']}")
    marker = f" ; {package['marker']}" if "marker" in package else ""
    return " ".join([f"{name}=={version}{marker}", *(f"--hash=sha256:{file['hashes']['sha256']}" for file in files)])


def main(words: Sequence[str]) -> int:
    """Print the requirements of each lock that is named, and return 1 where one is refused.

    After `--no-hashes`, only names, versions and markers.
    """
    for word in words:
        if word == "--no-hashes":
            continue
        try:
            for line in read(Path(word)):
                print(line.split(" --hash=")[0] if "--no-hashes" in words else line)
        except (OSError, ValueError, KeyError) as error:
            print(f"{word} is no lock that can be used: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
