"""A PostgreSQL server of the tests' own, on a socket in a temporary folder."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

START_SECONDS = 60.0
ADVICE = "PostgreSQL's server is not installed (on Debian: apt-get install postgresql)"


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, None where there is no server on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    elsewhere = shutil.which("initdb")
    return found[-1].parent if found else Path(elsewhere).resolve().parent if elsewhere else None


class Server:
    """A cluster with an empty database `assay`; start it again after `kill()` to test what survives."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="assay-pg-", dir="/tmp"))  # a socket's path has to be short
        self._as: dict[str, str] = {}
        if os.getuid() == 0:  # the server refuses to run as root
            names = {user.pw_name for user in pwd.getpwall()}
            self._as = {"user": "postgres" if "postgres" in names else "nobody"}
            shutil.chown(self.folder, self._as["user"])
        command = ["initdb", "-D", str(self.folder / "data"), "-U", "assay", "-A", "trust", "-E", "UTF8", "--locale=C"]
        self._run([*command, "--no-sync"])
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE assay")

    def address(self, name: str = "assay") -> str:
        """What psycopg connects to."""
        return f"host={self.folder} user=assay dbname={name}"

    @property
    def url(self) -> str:
        """What ASSAY_DATABASE is set to."""
        return f"postgresql+psycopg://assay@/assay?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it answers; after a kill it first repairs itself."""
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-k", str(self.folder), "-F"]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._as)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.address("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """SIGKILL: no farewell, no checkpoint. What it started notices by itself and goes, too."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """Stop it and take all of it away."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(START_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            [str(self._programs / command[0]), *command[1:]],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            **self._as,
        )
        assert done.returncode == 0, done.stderr
