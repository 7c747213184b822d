"""Commands about data sets: import, attack, and what there is."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from core import pipeline
from core.attacks import ATTACKS
from core.attacks.presets import PRESETS
from core.attacks.presets import preset as attacks_of
from core.attacks.specification import Specification, parse_spec
from core.commands.circumstances import ELSEWHERE
from core.commands.common import HERE, Json, Seed, Workspace, command, key_values, listed, say, say_damaged, working
from core.data import SOURCES, store
from core.data.levels import Values
from core.data.preview.scan import MOST_IMAGES
from core.data.published.downloads import DOWNLOADS
from core.data.published.hub import described, fetch, folder_name, is_on_hub, place_of
from core.errors import UserError
from core.models import models_for
from core.pipeline.started import keep_result

LABELS_ONLY = "labels_only"


@command
def import_(
    path: Annotated[
        Path, typer.Argument(help="; ".join([*(entry.title for entry in SOURCES.values()), "hf://OWNER/NAME[:SPLIT]"]))
    ],
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    bona_fide: Annotated[
        Path | None,
        typer.Option(
            help="A text file with one known-clean sample a line, by row number or name. Without it, those of an "
            "earlier import of the same data stay."
        ),
    ] = None,
    source: Annotated[str | None, typer.Option(help=f"What it is, if unclear: {', '.join(SOURCES)}.")] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Take names and labels alone, for trainings recorded elsewhere.")
    ] = False,
    size: Annotated[str | None, typer.Option(help="Size of every stored image: 64, or 48x64 (height × width).")] = None,
    grey: Annotated[
        bool | None,
        typer.Option("--grey/--colour", help="Store one channel or three; by default grey if all images are."),
    ] = None,
    values: Annotated[
        str, typer.Option(help=f"The range of the stored pixels, black to white: {', '.join(get_args(Values))}.")
    ] = "auto",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the data source.")
    ] = None,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    looked: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the preview.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Copy a data set into the workspace. Images that cannot be read are skipped and listed."""
    channels, chosen = None if grey is None else 1 if grey else 3, key_values(settings, "label_column=class")
    options: dict[str, Any] = {
        "source": source or (LABELS_ONLY if labels else None),
        "settings": chosen,
        "size": _size(size),
        "channels": channels,
        "values": values,
    }
    if is_on_hub(path):
        found = pipeline.look_up(str(path))
        say(f"Fetching {found.place}: {found.words}.")
        name = name or str(found.place).removeprefix("hf://")
        path = fetch(found, pipeline.hub_folder(workspace, folder_name(found)))
    with working(job, path) as listen:
        info = pipeline.import_dataset(workspace, path, name, bona_fide, **options, listen=listen)
        pipeline.finish_import(workspace, info.id, job, looked)
    problems = Counter(problem.kind for problem in store.problems(workspace, info.id))
    return {
        "dataset": info.id,
        "n": info.n,
        "n_test": info.n_test,
        "classes": len(info.class_names),
        "shape": info.shape,
        "bona_fide": info.n_bona_fide,
        **({"carried_over": info.about["bona fide"]} if info.about and "bona fide" in info.about else {}),
        "skipped": info.n_skipped,
        "problems": dict(problems),
        **({} if models_for(info.shape) else {"training": ELSEWHERE}),
    }


@command
def preview(
    path: Annotated[Path, typer.Argument(help="; ".join(entry.title for entry in SOURCES.values()))],
    source: Annotated[str | None, typer.Option(help=f"What it is, if unclear: {', '.join(SOURCES)}.")] = None,
    values: Annotated[
        str, typer.Option(help=f"The range of the stored pixels, black to white: {', '.join(get_args(Values))}.")
    ] = "auto",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the data source.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many images to decode, evenly spaced.")] = MOST_IMAGES,
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Say what a data set holds and what is wrong with it, without importing it."""
    if is_on_hub(path):
        raise UserError(
            f"{place_of(path)} is not here yet.", "A preview reads files.", "Ask with `hub`, or `import` it."
        )
    chosen = key_values(settings, "label_column=class")
    with working(job, path) as listen:
        preview = pipeline.preview_source(path, source, job, listen, settings=chosen, values=values, most=most)
    about = {
        "name": preview.name,
        "n": preview.n,
        "n_test": preview.n_test,
        "looked_at": preview.n_looked_at,
        "unreadable": preview.n_unreadable,
        "classes": dict(zip(preview.class_names, preview.counts, strict=True)),
        "sizes": {f"{height}x{width}": n for height, width, n in preview.sizes},
        "modes": preview.modes,
        "shape": preview.shape,
        "about": dict(preview.about),
        "problems": preview.found,
    }
    return about | ({"listed": [asdict(problem) for problem in preview.problems]} if as_json else {})


@command
def download(
    name: Annotated[str, typer.Argument(help=f"{', '.join(DOWNLOADS)}; or hf://OWNER/NAME, with :SPLIT for one of it")],
    to: Annotated[Path, typer.Option(help="The folder that it goes to.")],
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Fetch a data set of the field from its own site, or one of the Hugging Face Hub."""
    with working(job, limited=True) as listen:
        path = pipeline.download_dataset(name, to, listen)
        if job:
            keep_result(job, path=str(path))
    return {"path": str(path)}


@command
def hub(
    name: Annotated[str, typer.Argument(help="hf://OWNER/NAME, with :SPLIT for one of it")],
    job: Annotated[Path | None, typer.Option(hidden=True, help="The directory of the job that this is.")] = None,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Say what the Hugging Face Hub has of a data set, and how large it is; nothing is fetched."""
    with working(job, limited=True):
        found = pipeline.look_up(name)
        if job:
            pipeline.keep_listing(job, found)
    return described(found)


@command
def synthesize(
    n: Annotated[int, typer.Option("--n", min=100, help="Samples.")] = 1_000_000,
    features: Annotated[int, typer.Option(min=2, help="Of each sample's activations.")] = 512,
    classes: Annotated[int, typer.Option(min=2, help="As many are drawn from.")] = 100,
    epochs: Annotated[int, typer.Option(min=2, help="Of the losses.")] = 30,
    side: Annotated[int, typer.Option(min=8, max=64, help="Pixels of the images.")] = 8,
    seed: Seed = 0,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> Mapping[str, Any]:
    """Make up a run of any size, as if trained, to see how pages and detectors bear it; `resume` runs its detectors."""
    run = pipeline.synthesize(workspace, pipeline.Synthetic(n, features, classes, epochs, side, seed))
    return {"run": run.id, "dataset": run.dataset, "n": n, "left": run.left}


def _size(text: str | None) -> tuple[int, int] | None:
    """Height and width from "64" or "48x64"."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,5})(?:[x×](\d{1,5}))?", text.strip().lower())
    if not match:
        raise UserError(f"--size {text} is no size.", "Give one side, or height x width.", "For example 64 or 48x64.")
    return int(match[1]), int(match[2] or match[1])


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
        specification = pipeline.specification_in(spec)
    elif preset:
        specification = Specification(attacks_of(preset, len(store.describe(workspace, dataset).class_names)), seed)
    else:
        specification = Specification(tuple(map(parse_spec, specs or [])), seed)
    with working(job) as listen:
        info = pipeline.attack(workspace, dataset, specification, name, listen)
        if job:
            keep_result(job, dataset=info.id)
    planted = {attack["name"]: attack["n_poisoned"] for attack in info.attacks}
    return {"dataset": info.id, "poisoned": planted, "specification": info.specification}


@command
def datasets(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """All data sets, newest first; damaged ones are named apart, with what to do."""
    say_damaged(store.damaged_datasets(workspace))
    columns = ("id", "name", "n", "n_test", "n_bona_fide", "shape", "attacks", "created")
    listed = [asdict(info) for info in store.describe_all(workspace)]
    return [
        {key: info[key] for key in columns} | {"attacks": [attack["name"] for attack in info["attacks"]]}
        for info in listed
    ]


@command
def attacks(workspace: Workspace = HERE, as_json: Json = False) -> list[dict[str, Any]]:
    """The attacks that can be planted."""
    return listed(ATTACKS)
