"""One question in Thrift's binary protocol: a call without arguments."""

import socket
import struct

from deploy.engines.errors import NotReady

VERSION_CALL = 0x80010001
VERSION_REPLY = 0x80010002
EXCEPTION = 0x80010003


def call(address: str, method: str, timeout_s: float = 5.0) -> None:
    """Call a method that takes no arguments; raises NotReady unless it answers with a reply."""
    name = method.encode()
    message = struct.pack(">II", VERSION_CALL, len(name)) + name + struct.pack(">IB", 1, 0)
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout_s) as stream:
        stream.sendall(message)
        answer = stream.recv(4096)
    if answer[:4] == struct.pack(">I", EXCEPTION):
        raise NotReady(f"{method} is answered by an exception: {answer[8:300]!r}")
    if answer[:4] != struct.pack(">I", VERSION_REPLY):
        raise NotReady(f"{method} is not answered by Thrift's binary protocol")
