"""Servers on 127.0.0.1 that speak the protocols of the real ones, and break on demand."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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
