"""Servers on 127.0.0.1 that speak the protocols of the real ones, and break on demand."""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Answer:
    """What a server sends.

    Attributes:
        content: the body, or the file that a range is taken from.
        status: 200 becomes 206 where a range is asked for and `ranges` is on.
        headers: added to Content-Length, Content-Range and Accept-Ranges.
        ranges: whether ranges are understood.
        cut: close the connection after this many bytes of the body.
        length: whether Content-Length is sent.
        hold: wait for this event after `cut` bytes, then close.
    """

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    cut: int | None = None
    length: bool = True
    hold: threading.Event | None = None


@dataclass
class Asked:
    """One request as it came in: method, path with query, headers, body, and bytes of body sent back."""

    method: str
    path: str
    headers: Message
    body: bytes = b""
    sent: int = 0


class Server:
    """Address and log of a running server."""

    def __init__(self, respond: Callable[[Asked], Answer]):
        self.respond = respond
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                asked = Asked(self.command, self.path, self.headers, self.rfile.read(length))
                with outer.lock:
                    outer.asked.append(asked)
                    answer = outer.respond(asked)
                self.reply(asked, answer)

            do_HEAD = do_POST = do_GET

            def reply(self, asked: Asked, answer: Answer) -> None:
                body, status, headers = answer.content, answer.status, dict(answer.headers)
                wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.headers.get("Range", ""))
                if answer.ranges and status == 200:
                    headers["Accept-Ranges"] = "bytes"
                    if wanted:
                        size = len(body)
                        first, last = wanted.groups()
                        start = int(first) if first else max(size - int(last), 0)
                        stop = min(int(last) + 1, size) if first and last else size
                        if start >= size:
                            status, body = 416, b""
                            headers["Content-Range"] = f"bytes */{size}"
                        else:
                            status, body = 206, body[start:stop]
                            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if answer.length:
                    self.send_header("Content-Length", str(len(body)))
                else:
                    self.close_connection = True
                self.end_headers()
                if asked.method == "HEAD":
                    return
                part = body if answer.cut is None else body[: answer.cut]
                try:
                    self.wfile.write(part)
                    self.wfile.flush()
                except OSError:  # the client was killed
                    self.close_connection = True
                    return
                asked.sent = len(part)
                if answer.hold is not None:
                    answer.hold.wait(60)
                if len(part) < len(body):
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@contextmanager
def serving(respond: Callable[[Asked], Answer]) -> Iterator[Server]:
    """A server that answers every request by `respond` until the block ends."""
    server = Server(respond)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Hub:
    """The part of the Hugging Face Hub that `datasets` and `huggingface_hub` ask for, with data sets in memory.

    Attributes:
        repos: "owner/name" -> path -> content.
        cut: asked for every file that is fetched: after how many bytes the connection breaks, if at all.
    """

    SHA = "0123456789abcdef0123456789abcdef01234567"

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, bytes]] = {}
        self.cut: Callable[[Asked], int | None] | None = None

    def respond(self, asked: Asked) -> Answer:
        path = unquote(urlsplit(asked.path).path)
        if match := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)(?:/revision/([^/]+))?", path):
            return self._repo(*match.groups())
        if match := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)/(tree|paths-info)/([^/]+)(?:/(.*))?", path):
            repo, what, _, below = match.groups()
            if what == "paths-info":
                form = parse_qs(asked.body.decode())
                wanted = form.get("paths") or json.loads(asked.body or b"{}").get("paths", [])
                return self._listing(repo, [self._entry(repo, name) for name in wanted])
            recursive = "recursive=true" in asked.path.lower()
            return self._listing(repo, self._below(repo, below or "", recursive))
        if match := re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            repo, _, name = match.groups()
            content = self.repos.get(repo, {}).get(name)
            if content is None:
                return self._missing("EntryNotFound" if repo in self.repos else "RepoNotFound")
            tag = f'"{hashlib.sha256(content).hexdigest()}"'
            cut = (
                self.cut(asked) if self.cut and asked.method == "GET" and name.endswith(".parquet") else None
            )
            return Answer(content, headers={"ETag": tag, "X-Repo-Commit": self.SHA}, cut=cut)
        return self._missing("EntryNotFound")

    def _missing(self, code: str) -> Answer:
        return Answer(b'{"error": "not found"}', status=404, headers={"X-Error-Code": code})

    def _json(self, value: object) -> Answer:
        return Answer(json.dumps(value).encode(), headers={"Content-Type": "application/json"})

    def _repo(self, repo: str, revision: str | None) -> Answer:
        if repo not in self.repos:
            return self._missing("RepoNotFound")
        about = {"_id": "1", "id": repo, "sha": self.SHA, "private": False, "gated": False, "disabled": False}
        siblings = [{"rfilename": name} for name in self.repos[repo]]
        return self._json(
            about
            | {
                "siblings": siblings,
                "tags": [],
                "downloads": 0,
                "likes": 0,
                "lastModified": "2024-01-01T00:00:00.000Z",
            }
        )

    def _entry(self, repo: str, name: str) -> dict[str, object] | None:
        files = self.repos.get(repo, {})
        if name in files:
            oid = hashlib.sha1(files[name]).hexdigest()
            return {"type": "file", "path": name, "size": len(files[name]), "oid": oid}
        if any(path.startswith(f"{name}/") for path in files):
            return {"type": "directory", "path": name, "size": 0, "oid": "0" * 40}
        return None

    def _below(self, repo: str, folder: str, recursive: bool) -> list[dict[str, object] | None]:
        prefix = f"{folder}/" if folder else ""
        names: dict[str, None] = {}
        for path in sorted(self.repos.get(repo, {})):
            if path.startswith(prefix):
                parts = path.removeprefix(prefix).split("/")
                for depth in range(1, (len(parts) if recursive else 1) + 1):
                    names[prefix + "/".join(parts[:depth])] = None
        return [self._entry(repo, name) for name in names]

    def _listing(self, repo: str, entries: list[dict[str, object] | None]) -> Answer:
        if repo not in self.repos:
            return self._missing("RepoNotFound")
        return self._json([entry for entry in entries if entry is not None])
