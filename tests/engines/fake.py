"""A tiny server to be kept: it answers at a port, and may leave a child behind as Flink's does."""

import socket
import subprocess
import sys
import time
from pathlib import Path

CHILD = [sys.executable, "-c", "import time; time.sleep(300)"]


def main(port: int, mode: str) -> None:
    if mode == "dies":
        sys.exit(3)
    if mode == "with child":
        child = subprocess.Popen(CHILD)
        Path("child").write_text(str(child.pid))
    with Path("lives").open("a") as lives:
        lives.write(f"{time.monotonic()}\n")
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            stream, _ = listener.accept()
            with stream:
                stream.sendall(b"deaf" if Path("deaf").exists() else b"here")


def ask(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 1.0) as stream:
        return stream.recv(4)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
