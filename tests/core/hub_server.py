"""A server on this machine with the layout of the Hugging Face Hub: what it says of data sets, and their files."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

SHA = "0123456789abcdef0123456789abcdef01234567"
CONVERTED = "refs/convert/parquet"


@dataclass
class Repo:
    """A data set: its files, those of the tables made of it, who may read it, and what was said of its commits."""

    files: Mapping[str, bytes]
    converted: Mapping[str, bytes] | None = None
    gated: str | bool = False
    private: bool = False
    said: list[str] = field(default_factory=list)


@dataclass
class Hub:
    """What the server has, and what it was asked for."""

    repos: dict[str, Repo] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    url: str = ""
    failing: int = 0
    writers: tuple[str, ...] = ()  # the tokens that may write

    def answer(self, path: str, token: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content."""
        self.asked.append(path)
        self.tokens.add(token)
        kind, _, rest = path.removeprefix("/api").partition("/datasets/")
        repo = self.repos.get("/".join(rest.split("/")[:2]))
        if self.failing:
            return self.failing, {}, b""
        if kind or repo is None:
            return 401, {"X-Error-Code": "RepoNotFound"}, b""
        after = rest.split("/", 2)[2] if rest.count("/") > 1 else ""
        if path.startswith("/api"):
            return self._about(rest, repo, after.removeprefix("revision/"))
        if repo.gated and not token:
            return 401, {"X-Error-Code": "GatedRepo"}, b""
        content = {**(repo.converted or {}), **repo.files}.get(after.removeprefix(f"resolve/{SHA}/"))
        if content is None:
            return 404, {"X-Error-Code": "EntryNotFound"}, b""
        return 200, {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": SHA}, content

    def take(self, path: str, token: str, content: bytes) -> tuple[int, dict[str, str], bytes]:
        """The same where something is sent: a new data set, or what goes into it."""
        self.asked.append(path)
        self.tokens.add(token)
        if path == "/api/validate-yaml":
            return _json({"errors": [], "warnings": []})
        if token not in self.writers:
            return 403, {}, b""
        if path == "/api/repos/create":
            wanted = json.loads(content)
            name = f"{wanted['organization']}/{wanted['name']}"
            if name in self.repos:
                return 409, {}, b"{}"
            self.repos[name] = Repo({".gitattributes": b""}, private=wanted["visibility"] == "private")
            return _json({"url": f"{self.url}/datasets/{name}"})
        repo = self.repos["/".join(path.split("/")[3:5])]
        if path.endswith("/preupload/main"):
            files = json.loads(content)["files"]
            return _json({"files": [{**file, "uploadMode": "regular", "shouldIgnore": False} for file in files]})
        self._commit(repo, [json.loads(line) for line in content.splitlines()])
        return _json({"commitUrl": f"{self.url}{path[4:].partition('/commit/')[0]}/commit/{SHA}", "commitOid": SHA})

    @staticmethod
    def _commit(repo: Repo, lines: list[dict]) -> None:
        files = dict(repo.files)
        for line in lines:
            if line["key"] == "header":
                repo.said.append(line["value"]["summary"])
            elif line["key"] == "deletedFile":
                del files[line["value"]["path"]]
            else:
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        repo.files = files

    @staticmethod
    def _about(name: str, repo: Repo, revision: str) -> tuple[int, dict[str, str], bytes]:
        if revision.startswith("tree/"):
            listed = [{"type": "file", "path": path, "size": 0, "oid": SHA} for path in repo.files]
            return 200, {"Content-Type": "application/json"}, json.dumps(listed).encode()
        files = repo.converted if revision == CONVERTED else repo.files
        if files is None:
            return 404, {"X-Error-Code": "RevisionNotFound"}, b""
        about = {
            "id": "/".join(name.split("/")[:2]),
            "sha": SHA,
            "gated": repo.gated,
            "private": repo.private,
            "siblings": [{"rfilename": path, "size": len(content)} for path, content in files.items()],
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(about).encode()


def _json(content: dict) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub that answers on this machine as long as the block lasts."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send(*hub.answer(unquote(urlsplit(self.path).path), self.token))

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send(*hub.take(unquote(urlsplit(self.path).path), self.token, sent))

        @property
        def token(self) -> str:
            return self.headers.get("Authorization", "").removeprefix("Bearer ")

        def send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
