"""Commands about data sets: import, attack, and what there is."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from core import jobs, pipeline
from core.attacks import ATTACKS
from core.attacks.presets import PRESETS
from core.attacks.presets import preset as attacks_of
from core.attacks.specification import Specification, parse_spec
from core.commands.frame import HERE, Json, Seed, Workspace, command, listed, working
from core.datasets import SOURCES, store
from core.errors import UserError


@command
def import_(
    source: Annotated[Path, typer.Argument(help="; ".join(entry.title for entry in SOURCES.values()))],
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    bona_fide: Annotated[
        Path | None, typer.Option(help="A text file with one id of a known-clean sample a line.")
    ] = None,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Copy a data set into the workspace."""
    with jobs.working_on(job) if job else nullcontext():
        info = pipeline.import_dataset(workspace, source, name, bona_fide)
    return {"dataset": info.id, "n": info.n, "classes": len(info.class_names), "shape": info.shape}


@command
def attack(
    dataset: str,
    specs: Annotated[
        list[str] | None, typer.Argument(metavar="[SPEC]...", help="For example patch:ratio=0.01,target=3")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help=f"Instead of SPEC, one of: {', '.join(PRESETS)}; ac-mnist:ratio=0.33")
    ] = None,
    spec: Annotated[Path | None, typer.Option(help="Instead of both, a specification as JSON.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call the poisoned copy.")] = None,
    seed: Seed = 0,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Plant one or several attacks in a copy of a data set."""
    if sum(map(bool, (specs, preset, spec))) != 1:
        raise UserError("Name attacks, or a preset, or a specification.", "One of the three.", "See attack --help.")
    if spec:
        asked = pipeline.specification_in(spec)
    elif preset:
        asked = Specification(attacks_of(preset, len(store.describe(workspace, dataset).class_names)), seed)
    else:
        asked = Specification(tuple(map(parse_spec, specs or [])), seed)
    with working(job) as listen:
        info = pipeline.attack(workspace, dataset, asked, name, listen)
    planted = {one["name"]: one["n_poisoned"] for one in info.attacks}
    return {"dataset": info.id, "poisoned": planted, "specification": info.specification}


@command
def datasets(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """All data sets, newest first."""
    wanted = ("id", "name", "n", "n_test", "n_bona_fide", "shape", "attacks", "created")
    found = [asdict(info) for info in store.describe_all(workspace)]
    return [
        {key: info[key] for key in wanted} | {"attacks": [one["name"] for one in info["attacks"]]} for info in found
    ]


@command
def attacks(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """The attacks that can be planted."""
    return listed(ATTACKS)
