"""The licences in a bill of materials: `python -m upkeep.licences sbom.json` adds what installed packages declare.

A lock names no licences, and the bill is made from the lock. So each package that is installed here in the locked
version says its own; the others (those of other systems) stay without, and how many they are is printed.
"""

import json
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

LONGEST = 100  # characters of a licence's name; some packages put its whole text there
_VAGUE = ("UNKNOWN", "Dual License", "see LICENSE", "LICENSE")


def declared(about: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """What a package's own description says of its licence, as CycloneDX has it; nothing where it says nothing.

    Args:
        about: the lines of the description by their names; an expression counts more than classifiers, and these
            more than a name.

    >>> declared({"License-Expression": ["MIT OR Apache-2.0"], "License": ["see LICENSE"]})
    [{'expression': 'MIT OR Apache-2.0', 'acknowledgement': 'declared'}]
    >>> declared({"Classifier": ["License :: OSI Approved :: BSD License", "Topic :: Utilities"]})
    [{'license': {'name': 'BSD License', 'acknowledgement': 'declared'}}]
    """
    if expression := next(iter(about.get("License-Expression", ())), ""):
        return [{"expression": expression, "acknowledgement": "declared"}]
    lines = [line for line in about.get("Classifier", ()) if line.startswith("License :: ")]
    names = [line.rpartition(" :: ")[2] for line in lines]
    name = next(iter(about.get("License", ())), "").strip().splitlines()[:1]
    names = [one for one in names if one != "OSI Approved"] or [one for one in name if one not in _VAGUE]
    return [{"license": {"name": one[:LONGEST], "acknowledgement": "declared"}} for one in names]


def with_licences(bill: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The bill with the licences of what is installed in its very version, and the names of packages without one."""
    components, lacking = [], []
    for component in bill["components"]:
        found = _installed(component["name"], component["version"])
        components.append({**component, "licenses": found} if found else component)
        lacking += [] if found else [component["name"]]
    return {**bill, "components": components}, lacking


def _installed(name: str, version: str) -> list[dict[str, Any]]:
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return []
    if re.split(r"\+", package.version)[0] != version:  # torch's build for the CPU is 2.14.1+cpu
        return []
    about = package.metadata
    return declared({key: about.get_all(key) or [] for key in ("License-Expression", "Classifier", "License")})


def main(path: Path) -> None:
    """Write the licences into the file."""
    bill, lacking = with_licences(json.loads(path.read_text("utf-8")))
    path.write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n", "utf-8")
    total = len(bill["components"])
    said = f": {', '.join(lacking)}" if lacking else ""
    print(f"{path}: {total} packages, {total - len(lacking)} with a licence, {len(lacking)} without{said}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
