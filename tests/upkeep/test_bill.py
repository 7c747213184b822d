"""The bill of materials names what the lock names."""

import json
import re
import sys
from importlib import metadata

import pytest

from tests.made import bare_copy, made
from tests.sources import ROOT
from tests.tools import tool
from upkeep import hashed
from upkeep.licences import declared, with_licences

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
    require_valid(bill)


def test_a_package_says_its_licence_in_the_version_that_is_installed_and_no_other():
    here = metadata.version("numpy")
    bill = {"components": [component("numpy", here), component("numpy", "0.1"), component("nowhere", "1.0")]}
    found, lacking = with_licences(bill)
    assert "BSD-3-Clause" in found["components"][0]["licenses"][0]["expression"]
    assert found["components"][1:] == bill["components"][1:]
    assert lacking == ["numpy", "nowhere"]


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"License-Expression": ["MIT"], "Classifier": ["License :: OSI Approved :: BSD License"]}, ["MIT"]),
        ({"Classifier": ["License :: OSI Approved", "License :: OSI Approved :: ISC License"]}, ["ISC License"]),
        ({"License": ["BSD 3-Clause\n\nCopyright …"]}, ["BSD 3-Clause"]),
        ({"License": ["UNKNOWN"]}, []),
        ({}, []),
    ],
)
def test_what_is_declared_most_exactly_counts(about, said):
    found = declared(about)
    assert [one.get("expression") or one["license"]["name"] for one in found] == said
    require_valid({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component("a", "1", licenses=found)]})


def component(name: str, version: str, **more: object) -> dict:
    return {"type": "library", "name": name, "version": version, **more}


def require_valid(bill: dict) -> None:
    """Fail unless the schema of CycloneDX takes the bill."""
    tool("jsonschema")
    validation, schema = tool("cyclonedx.validation.json"), tool("cyclonedx.schema")
    assert validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None


def digests(component: dict) -> set[str]:
    return {one["content"] for reference in component["externalReferences"] for one in reference["hashes"]}
