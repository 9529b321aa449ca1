"""The process of an engine, from our side: started in its own environment, asked, watched, ended.

The environment is a Python of its own, since PySpark and Flink each want versions of libraries that
we do not have. Of ours it gets one zip file with our source, and nothing that we have installed.
"""

import os
import signal
import subprocess
import zipfile
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any

import msgspec

from queqiao.kernel.errors import Broken, FieldError, InvalidInput, Message, Unavailable
from queqiao.ports.compute.job import Reply
from queqiao.ports.compute.serve import MARK

START_S = 120.0
"""How long an engine may take to say that it is ready; its JVM takes 5 to 15 s on an idle core."""

END_S = 20.0
"""How long a process may take to end when it is asked to."""

_LINES_KEPT = 40


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A Python with an engine. ``install`` is the command that makes it one."""

    python: Path
    module: str
    install: str


class EngineProcess:
    """One process of an engine. What it writes besides replies is kept for its last words."""

    def __init__(
        self,
        environment: Environment,
        settings: Mapping[str, Any],
        folder: Path,
        *,
        variables: Mapping[str, str] | None = None,
        start_s: float = START_S,
    ) -> None:
        self._environment = environment
        self._check_python()
        archive = source_archive(folder)
        python = str(environment.python)
        variables = {**os.environ, "PYTHONPATH": str(archive), **(variables or {})}
        self._process = subprocess.Popen(
            [python, "-u", "-m", environment.module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=folder, env=variables, text=True, start_new_session=True,
        )  # fmt: skip
        self._replies: SimpleQueue[Reply | None] = SimpleQueue()
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        self._listener = Thread(target=self._listen, name=environment.module, daemon=True)
        self._listener.start()
        self._idle = True
        try:
            self._write(msgspec.json.encode({**settings, "source": str(archive)}))
            self.reply(start_s)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Return the number of the process; its group has the same."""
        return self._process.pid

    def _check_python(self) -> None:
        if not self._environment.python.is_file():
            raise self._missing()

    def _missing(self) -> InvalidInput:
        install = self._environment.install
        message = Message(
            f"这里没有该引擎的 Python 环境；请执行 {install}",
            f"there is no Python with the engine here; run {install}",
        )
        return InvalidInput(FieldError("python", message))

    def ask(self, request: Any) -> None:
        """Send a request; ``reply`` gives what comes back."""
        self._idle = False
        self._write(msgspec.json.encode(request))

    def reply(self, timeout_s: float) -> Reply:
        """Return the next reply.

        Raises InvalidInput for what the engine refuses, Broken for what it could not do, and
        Unavailable if it ended or says nothing for so long.
        """
        try:
            found = self._replies.get(timeout=timeout_s)
        except Empty:
            raise self._silent(timeout_s) from None
        return self._judged(found)

    def check(self) -> None:
        """Raise what ``reply`` would, if something was said that nobody asked for; do not wait."""
        while not self._replies.empty():
            self._judged(self._replies.get())

    def _judged(self, found: Reply | None) -> Reply:
        if found is None:
            raise self._ended()
        self._idle = found.state != "running"
        if found.state == "refused":
            raise InvalidInput(detail=Message(found.detail, found.detail))
        if found.state == "failed":
            raise Broken(Message(f"引擎报错：{found.detail}", f"the engine says: {found.detail}"))
        return found

    def _write(self, line: bytes) -> None:
        stdin = self._pipe(self._process.stdin)
        try:
            stdin.write(line.decode() + "\n")
            stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def _listen(self) -> None:
        for line in self._pipe(self._process.stdout):
            if line.startswith(MARK):
                self._replies.put(msgspec.json.decode(line[len(MARK) :], type=Reply))
            else:
                self._said.append(line.rstrip())
        self._replies.put(None)

    def _pipe(self, pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe

    def _ended(self) -> Exception:
        self._process.wait()
        said = self.last_words()
        if "No module named" in said:
            return self._missing()
        code = self._process.returncode
        return Unavailable(
            Message(
                f"引擎进程已结束（{code}）：{said}", f"the engine's process ended ({code}): {said}"
            )
        )

    def _silent(self, timeout_s: float) -> Unavailable:
        return Unavailable(
            Message(
                f"引擎 {timeout_s:.0f} 秒没有回应：{self.last_words()}",
                f"the engine said nothing for {timeout_s:.0f} s: {self.last_words()}",
            )
        )

    def last_words(self) -> str:
        """Return the last lines that the process wrote."""
        return "\n".join(self._said)

    def close(self) -> None:
        """End the process: with its input if it is idle, else by a signal; kill it if it stays.

        A stream goes on from its checkpoint when it is started again.
        """
        with suppress(BrokenPipeError):
            self._pipe(self._process.stdin).close()
        if not self._idle:
            self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._listener.join()
        self._pipe(self._process.stdout).close()


def source_archive(folder: Path) -> Path:
    """Write our source as one zip file that Python imports from, and return it."""
    root = Path(__file__).parents[2]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "queqiao.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted([*root.rglob("*.py"), *root.rglob("process/**/*.json")]):
            archive.write(source, source.relative_to(root.parent))
    return path
