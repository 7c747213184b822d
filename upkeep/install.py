"""Installs what a lock names: `python -m upkeep.install pylock.toml requirements.txt`, as `make` calls it.

A package that is not the file of the lock is never installed. Where a file of the lock is not to be had at all, the
requirements are taken instead, and it is said; `--only` stops then, and `--no-lock` takes them at once. `--cpu` is for
an environment that has torch's build for the CPU.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from upkeep import hashed

PIP = (sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q")
CHANGED = "DO NOT MATCH THE HASHES"  # as every pip says it
NOT_THE_SAME = """
A package is not the file that {lock} names: see above. It was not installed. Either somebody has changed it, or your
index builds packages of its own. If you trust that index: LOCK=no installs without hashes."""
NOT_TO_BE_HAD = """
Not every file of {lock} could be installed here: see above."""
INSTEAD = "Now without hashes, as {requirements} ask for:"


def install(
    lock: Path,
    requirements: Sequence[Path],
    *,
    cpu: bool = False,
    without: bool = False,
    only: bool = False,
    pip: Sequence[str] = PIP,
) -> int:
    """Install the packages of a lock, and return pip's exit status.

    Args:
        lock: a `pylock.toml`.
        requirements: that it was made from.
        cpu: leave out torch and what it needs on GPUs.
        without: install the requirements, as if there were no lock.
        only: never install the requirements instead.
        pip: the command and its options.
    """
    unlocked = [*pip, *(word for path in requirements for word in ("-r", str(path)))]
    if without:
        return subprocess.run(unlocked, check=False).returncode
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder) / "requirements.txt"
        names.write_text("\n".join(hashed.read(lock, cpu=cpu)), "utf-8")
        status, said = _heard([*pip, "--require-hashes", "-r", str(names)])
    if status == 0:
        return 0
    if CHANGED in said:
        print(NOT_THE_SAME.format(lock=lock.name), file=sys.stderr)
        return status
    print(NOT_TO_BE_HAD.format(lock=lock.name), file=sys.stderr)
    if only:
        return status
    print(INSTEAD.format(requirements=" and ".join(path.name for path in requirements)), file=sys.stderr, flush=True)
    return subprocess.run(unlocked, check=False).returncode


def _heard(command: Sequence[str]) -> tuple[int, str]:
    """The exit status of a command, and what it complained of, which is shown as it comes."""
    lines = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stderr is not None
        for line in process.stderr:
            sys.stderr.write(line)
            lines.append(line)
    return process.returncode, "".join(lines)


def main(words: Sequence[str]) -> int:
    """Install as the words say, and return an exit status."""
    lock, *requirements = (Path(word) for word in words if not word.startswith("-"))
    try:
        return install(lock, requirements, cpu="--cpu" in words, without="--no-lock" in words, only="--only" in words)
    except (OSError, ValueError, KeyError) as error:
        print(f"{lock} is no lock that can be used: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
