"""Small files that are made to exhaust the machine: what opening each of them takes, and how it ends."""

import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import typer

from benchmarks.hostile import archives, arrays, pickles, tables, watch
from benchmarks.parts.hardware import hardware

KINDS = {
    **{make.__name__: (make, watch.data) for make in (*pickles.DATA, *archives.DATA, *tables.DATA, *arrays.DATA)},
    **{make.__name__: (make, watch.model) for make in (*pickles.WEIGHTS, *pickles.GRAPHS)},
}


@dataclass(frozen=True)
class Opened:
    """One of the files: its kind, its size in bytes, and what opening it took."""

    kind: str
    size: int
    taken: watch.Taken


def bombs(
    only: Annotated[list[str] | None, typer.Option(help=f"Some of: {', '.join(KINDS)}.")] = None,
    seconds: Annotated[int, typer.Option(help="Of the processor, after which opening one is ended.")] = 60,
    gigabytes: Annotated[float, typer.Option(help="Of address space that opening one may take.")] = 12.0,
) -> None:
    """Seconds of the processor and peak memory of opening small files that are made to exhaust the machine."""
    typer.echo(f"{hardware()}.\n\n| kind | bytes | seconds | MB | how it ends |\n|---|---|---|---|---|")
    for one in opened(only or KINDS, seconds=seconds, gigabytes=gigabytes):
        taken = one.taken
        words = f"{taken.ending}: {taken.words[:100]}".replace("|", "¦")
        typer.echo(f"| {one.kind} | {one.size:,} | {taken.seconds:.1f} | {taken.megabytes:.0f} | {words} |")


def opened(kinds: Collection[str], *, seconds: int = 60, gigabytes: float = 12.0) -> Iterator[Opened]:
    """Each of these kinds made and opened, in children whose memory is their own."""
    watch.prepare()
    for kind in kinds:
        folder = Path(mkdtemp())
        try:
            path = _made(kind, folder)
            yield Opened(kind, _size(path), watch.apart(KINDS[kind][1], path, seconds=seconds, gigabytes=gigabytes))
        finally:
            shutil.rmtree(folder)


def _made(kind: str, folder: Path) -> Path:
    """Where the file of a kind lies, which a child has written: it takes more memory than opening it may."""
    child = os.fork()
    if not child:
        try:
            (folder / "where").write_text(str(KINDS[kind][0](folder / "bomb")))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return Path((folder / "where").read_text())


def _size(path: Path) -> int:
    """Bytes on the disk, which is nothing for a hole."""
    files = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    return sum(min(one.stat().st_size, one.stat().st_blocks * 512) for one in files)
