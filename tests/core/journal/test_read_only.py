"""On a disk that is read-only or full people can look at what was decided, and are told why they cannot decide."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.journal import database
from core.runs import jobs

WRITE = """
import os, sys
from pathlib import Path
from core.journal import database
workspace = Path(sys.argv[1])
with database.writing(workspace) as connection:
    connection.exec_driver_sql("CREATE TABLE mine (a INTEGER)")
    connection.exec_driver_sql("INSERT INTO mine VALUES (7)")
if sys.argv[2] == "killed":
    os._exit(0)  # the newest rows are in the file -wal
"""
LOOK = """
import sys
from pathlib import Path
from core.errors import UserError
from core.journal import database
workspace = Path(sys.argv[1])
for _ in range(2):
    with database.reading(workspace) as connection:
        print(connection.exec_driver_sql("SELECT a FROM mine").scalar())
try:
    with database.writing(workspace) as connection:
        connection.exec_driver_sql("INSERT INTO mine VALUES (8)")
except UserError as error:
    print(error)
"""
ON_A_DISK = """
mount -t tmpfs -o size=256k none "$1" && cp -a "$2"/. "$1" || exit 77
if [ "$3" = full ]; then dd if=/dev/zero of="$1/filler" bs=1k 2>/dev/null; else mount -o remount,ro "$1" || exit 77; fi
exec "$4" -c "$5" "$1"
"""


def python(script: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-c", script, *arguments], cwd=jobs.ROOT, check=True, timeout=60)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no disk of its own can be made")
@pytest.mark.parametrize("disk", ["full", "read-only"])
@pytest.mark.parametrize("writer", ["ended", "killed"])
def test_what_was_decided_is_read_from_a_disk_that_takes_nothing(tmp_path: Path, disk: str, writer: str) -> None:
    place, workspace = tmp_path / "disk", tmp_path / "workspace"
    place.mkdir()
    python(WRITE, str(workspace), writer)
    alone = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    command = ["sh", "-c", ON_A_DISK, "sh", str(place), str(workspace), disk, sys.executable, LOOK]
    done = subprocess.run([*alone, *command], cwd=jobs.ROOT, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no disk of its own can be made here")
    assert done.returncode == 0, done.stderr
    first, second, refused = done.stdout.splitlines()
    assert (first, second) == ("7", "7")
    assert refused.startswith(("The verdict could not be saved.", "The journal of verdicts cannot be opened."))
    assert "Free space" in refused if disk == "full" else "write to" in refused


def test_rows_that_only_the_log_holds_are_not_passed_over(tmp_path: Path) -> None:
    python(WRITE, str(tmp_path), "killed")
    assert (tmp_path / f"{database.FILE}-wal").stat().st_size > 0
    with database.reading(tmp_path) as connection:
        assert connection.exec_driver_sql("SELECT a FROM mine").scalar() == 7
