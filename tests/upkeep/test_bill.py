"""The bill of materials names what the lock names."""

import json
import re
import sys

from tests.made import bare_copy, made
from tests.sources import ROOT
from tests.tools import tool
from upkeep import hashed

PARTS = 5  # of the lock's packages, so that the bill is made quickly


def test_make_sbom_names_each_locked_package_with_its_hashes(tmp_path):
    tool("cyclonedx_py")
    clone = bare_copy(tmp_path)
    begin, *packages = (ROOT / "pylock.toml").read_text("utf-8").split("[[packages]]")
    (clone / "pylock.toml").write_text("[[packages]]".join([begin, *packages[:PARTS]]), "utf-8")
    made(clone, "sbom", f"PY={sys.executable}", "DEV_READY=Makefile")
    bill = json.loads((clone / "sbom.json").read_text("utf-8"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "assay-dashboard")
    listed = {f"{one['name']}=={one['version']}": digests(one) for one in bill["components"]}
    lines = hashed.read(clone / "pylock.toml")
    assert listed == {line.split()[0]: set(re.findall(r"--hash=sha256:(\w+)", line)) for line in lines}
    assert len(listed) == PARTS


def digests(component: dict) -> set[str]:
    return {one["content"] for reference in component["externalReferences"] for one in reference["hashes"]}
