"""Good files of every kind, damaged at random: each is refused in words or opened, in little time and memory."""

import json
import os
import resource
import select
import shutil
import signal
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.hostile import pickles, seeds, watch
from benchmarks.hostile.bombs import KINDS
from benchmarks.hostile.damage import damaged
from benchmarks.parts.hardware import hardware

MOST_SECONDS = 2.0  # of the processor, for one input
MOST_MEGABYTES = 500.0  # of memory, for one input
SILENT_SECONDS = 30.0  # after which a child that is asked for one input is ended
READERS = {make.__name__: (make, watch.data) for make in seeds.DATA} | {
    make.__name__: (make, watch.model) for make in seeds.WEIGHTS
}
_BOMBS = (*pickles.DATA, *pickles.WEIGHTS)  # whose pieces are mixed in, those that are short
_SHORT = 2**14
_COLUMNS = ("refused", "opened", "too slow", "too large", "other", "crashed")


@dataclass
class Found:
    """What became of the inputs of one reader: how many of each ending, and of each bad one an example."""

    reader: str
    endings: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def fuzz(
    inputs: Annotated[int, typer.Option(help="How many of each reader.")] = 5000,
    only: Annotated[list[str] | None, typer.Option(help=f"Some of: {', '.join(READERS)}.")] = None,
    seed: Annotated[int, typer.Option(help="Of the damage.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="A folder for the inputs that went wrong.")] = None,
) -> None:
    """How many damaged files of each kind are refused in words, opened, too slow, too large, or end otherwise."""
    typer.echo(f"{hardware()}; seed {seed}.\n\n| reader | inputs | {' | '.join(_COLUMNS)} |\n|---|{'---|' * 7}")
    for found in fuzzed(only or list(READERS), inputs, seed, keep):
        counts = (f"{found.endings[column]:,}" for column in _COLUMNS)
        typer.echo(f"| {found.reader} | {found.endings.total():,} | {' | '.join(counts)} |")
        for example in found.examples.values():
            typer.echo(example, err=True)


def fuzzed(readers: list[str], inputs: int, seed: int = 0, keep: Path | None = None) -> Iterator[Found]:
    """What becomes of so many damaged inputs of each of these readers."""
    watch.prepare()
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as below:
        others = _pieces(Path(below) / "pieces")
        for reader in readers:
            found, start = Found(reader), 0
            while start < inputs:
                start = _batch(found, range(start, inputs), Path(below) / reader, others, (seed, keep))
            yield found


def _pieces(folder: Path) -> list[bytes]:
    """The short ones among the files that are made to exhaust the machine."""
    found = []
    for kind in _BOMBS:
        (folder / kind.__name__).mkdir(parents=True)
        path = KINDS[kind.__name__][0](folder / kind.__name__ / "bomb")
        files = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
        found += [files[0].read_bytes()] if files[0].stat().st_size < _SHORT else []
    shutil.rmtree(folder)
    return found


def _batch(found: Found, indices: range, folder: Path, others: list[bytes], how: tuple[int, Path | None]) -> int:
    """Have a child go through inputs until it is done or gone; returns the index to go on with."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        try:
            for told in _worked(found.reader, indices, folder, others, how):
                os.write(write, json.dumps(told).encode() + b"\n")
        finally:
            os._exit(0)
    os.close(write)
    done = indices.start
    with os.fdopen(read, "rb", buffering=0) as stream:
        rest = b""
        while True:
            ready, _, _ = select.select([stream], [], [], SILENT_SECONDS)
            piece = stream.read(65_536) if ready else b""
            if not piece:
                break
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                ending, words = json.loads(line)
                _note(found, ending, f"{found.reader} {done}: {words}")
                done += 1
        if not ready:
            os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if done < indices.stop:  # the next one silenced it
        _note(found, "crashed" if ready else "too slow", f"{found.reader} {done}: ended with {status}")
        _kept(folder, how[1], found.reader, done)
        done += 1
    return done


def _note(found: Found, ending: str, words: str) -> None:
    found.endings[ending] += 1
    if ending not in ("refused", "opened"):
        found.examples.setdefault(f"{ending}{words.partition(': ')[2][:60]}", f"{ending}: {words}")


def _worked(
    reader: str,
    indices: range,
    folder: Path,
    others: list[bytes],
    how: tuple[int, Path | None],
) -> Iterator[tuple[str, str]]:
    """Damage one file of the good data, open them, mend the file again, and give what became of it in words."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    make, work = READERS[reader]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = make(folder)
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    good = [one.read_bytes() for one in files]
    for index in indices:
        draw = Random(f"{how[0]} {reader} {index}")
        place = draw.randrange(len(files))
        files[place].write_bytes(damaged(good[place], draw, [*good, *others]))
        taken = watch.tried(work, path)
        ending: str = taken.ending
        if taken.seconds > MOST_SECONDS:
            ending = "too slow"
        elif taken.megabytes > MOST_MEGABYTES:
            ending = "too large"
        if ending not in ("refused", "opened"):
            _kept(folder, how[1], reader, index)
        files[place].write_bytes(good[place])
        yield ending, f"{taken.words[:200]} ({taken.seconds:.1f} s, {taken.megabytes:.0f} MB)"


def _kept(folder: Path, keep: Path | None, reader: str, index: int) -> None:
    if keep:
        shutil.copytree(folder, keep / f"{reader}-{index}", dirs_exist_ok=True)
