"""A small face that speaks ClickHouse's HTTP interface in front of chDB, for tests only.

It lets the suite drive the remote client without a server. It is the engine's own parser, types and
formats, one process, one engine; it is not a ClickHouse server: no users, sessions or replication.

Run as ``python clickhouse_face.py FOLDER``; prints its port, serves until its input closes.
"""

import json
import os
import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import chdb

FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
INSERT = re.compile(r"^\s*INSERT\s+INTO\s", re.IGNORECASE)
CODE = re.compile(r"Code: (\d+)")
TRANSPORT = {
    "database", "query", "query_id", "session_id", "default_format", "wait_end_of_query",
    "client_protocol_version", "compress", "decompress", "enable_http_compression", "role",
    "send_progress_in_http_headers", "http_headers_progress_interval_ms", "buffer_size",
}  # fmt: skip
"""Parameters that the transport consumes itself; all others are settings of the statement."""


class Engine:
    """One engine; each request runs on a handle of its own, so that settings do not leak."""

    def __init__(self, folder: str) -> None:
        self._options = f"{folder}?max_server_memory_usage=300000000&background_pool_size=2"
        self._keeper = chdb.connect(self._options)
        self._lock = threading.Lock()

    def run(self, sql: str, settings: dict[str, str], values: dict[str, str], form: str) -> bytes:
        with self._lock:
            handle = chdb.connect(self._options)
            try:
                for name, value in settings.items():
                    handle.query(f"SET {name} = {quoted(value)}")
                result = (
                    handle.query(sql, form, params=values) if values else handle.query(sql, form)
                )
                return result.bytes() or b""
            finally:
                handle.close()


def quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Face(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: Engine

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _answer(self, body: bytes) -> None:
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if urlsplit(self.path).path == "/ping":
            return self._send(200, b"Ok.\n", "TabSeparated")
        values = {k[6:]: v for k, v in given.items() if k.startswith("param_")}
        settings = {
            k: v for k, v in given.items() if k not in TRANSPORT and not k.startswith("param_")
        }
        # "readonly" must come last: nothing may be set after it.
        settings = dict(sorted(settings.items(), key=lambda item: item[0] == "readonly"))
        sql = given.get("query", "")
        if not sql or not INSERT.match(sql):
            sql, body = (sql + "\n" + body.decode() if sql and body else sql or body.decode()), b""
        form = FORMAT.search(sql)
        try:
            answer = self._run(sql, form, body, settings, values)
        except Exception as error:  # noqa: BLE001  # whatever the engine raises is the answer
            text = str(error)
            code = CODE.search(text)
            return self._send(500, text.encode(), "", code[1] if code else "1")
        return self._send(200, answer, form[1] if form else "TabSeparated")

    def _run(self, sql, form, body, settings, values) -> bytes:
        if body:
            with tempfile.NamedTemporaryFile() as file:
                file.write(body)
                file.flush()
                sql = f"{sql[: form.start()]} FROM INFILE {quoted(file.name)} FORMAT {form[1]}"
                return self.engine.run(sql, settings, values, "TabSeparated")
        name = form[1] if form else "TabSeparated"
        return self.engine.run(sql, settings, values, name)

    def _send(self, status: int, body: bytes, form: str, code: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        self.send_header("X-ClickHouse-Summary", json.dumps({"written_rows": "0"}))
        if form and body:
            self.send_header("X-ClickHouse-Format", form)
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


def main(folder: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    Face.engine = Engine(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Face)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    os._exit(0)  # taken down in order, the engine now and then never ends


if __name__ == "__main__":
    main(sys.argv[1])
