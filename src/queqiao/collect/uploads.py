"""Uploads that can be resumed: a file comes in parts, each on disk before it is acknowledged.

An upload is a folder of ``home/uploads``: what was said of it, and the bytes so far. The offset is
the length of the bytes, so a part that was torn by a kill is gone on from exactly where it broke;
at the end the digest tells whether the whole is what was promised.
"""

import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from queqiao.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    Message,
    NotFound,
    StorageFull,
    TooLarge,
)
from queqiao.kernel.text import clean

UPLOAD_BYTES_MAX = 512 * 1024 * 1024
UPLOADS_MAX = 100
ALL_BYTES_MAX = 4 * 1024 * 1024 * 1024
PART_BYTES_MAX = 8 * 1024 * 1024
EXPIRES_AFTER_US = 7 * 24 * 3600 * 1_000_000
"""An upload goes so long after its last part."""
CHUNK_BYTES = 1 << 20

_DIGEST = Message(
    "内容与声明的 sha256 不符，请重新上传", "not the promised content; upload it again"
)
_MANY = Message("未到期的上传太多，请先删除一些", "too many uploads; delete some first")
_BEYOND = Message("超出声明的大小", "goes beyond the size that was announced")


class NewUpload(Struct, frozen=True, forbid_unknown_fields=True):
    """What is about to come. With ``sha256`` the same file again is the same upload."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    size: Annotated[int, Meta(ge=1, le=UPLOAD_BYTES_MAX)]
    sha256: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""


class Upload(Struct, frozen=True):
    """An upload. ``offset`` is how many of its ``size`` bytes are on disk."""

    id: str
    name: str
    size: int
    sha256: str
    offset: int
    complete: bool
    created_at_us: int
    expires_at_us: int


class _Kept(Struct):
    name: str
    size: int
    sha256: str
    created_at_us: int


class Uploads:
    """The uploads of a home. Calls block; two calls for one upload must not run at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, asked: NewUpload, fresh_id: str, now_us: int) -> Upload:
        """Begin an upload, or find the one of the same content. Raises Conflict and StorageFull."""
        self.expire(now_us)
        name = clean(asked.name, "name", 200)
        upload_id = asked.sha256[:32] or fresh_id
        folder = self._folder / upload_id
        if folder.exists():
            return self._same(upload_id, asked)
        others = [path.name for path in self._folder.glob("*")]
        if len(others) >= UPLOADS_MAX:
            raise Conflict(_MANY)
        taken = sum(self.get(other).size for other in others)
        if taken + asked.size > ALL_BYTES_MAX:
            raise StorageFull(_MANY)
        self._make(folder, _Kept(name, asked.size, asked.sha256, now_us))
        return self.get(upload_id)

    def _same(self, upload_id: str, asked: NewUpload) -> Upload:
        found = self.get(upload_id)
        if found.size != asked.size:
            raise Conflict(Message("同一 sha256，大小却不同", "the same sha256, another size"))
        return found

    def _make(self, folder: Path, kept: _Kept) -> None:
        """Make the folder whole and then name it, so that no half of one is ever seen."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = self._folder.parent / f".upload-{folder.name}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        (scratch / "data").touch()
        (scratch / "upload.json").write_bytes(msgspec.json.encode(kept))
        scratch.rename(folder)
        _sync(self._folder)

    def get(self, upload_id: str) -> Upload:
        """Return an upload. Raises NotFound."""
        folder = self._at(upload_id)
        try:
            kept = msgspec.json.decode((folder / "upload.json").read_bytes(), type=_Kept)
            told = (folder / "data").stat()
        except FileNotFoundError as error:
            raise NotFound from error
        seen_us = max(kept.created_at_us, told.st_mtime_ns // 1000)
        return Upload(
            upload_id,
            kept.name,
            kept.size,
            kept.sha256,
            told.st_size,
            (folder / "complete").exists(),
            kept.created_at_us,
            seen_us + EXPIRES_AFTER_US,
        )

    def append(self, upload_id: str, offset: int, part: bytes) -> Upload:
        """Add a part at ``offset``; it is on disk when this returns.

        A part that lies before the offset already is let pass, so a repeated call changes nothing.
        Raises Conflict for any other offset, TooLarge beyond the size, and InvalidInput when the
        whole is not what was promised; it is dropped then, to be sent anew.
        """
        found = self.get(upload_id)
        if offset + len(part) > found.size:
            raise TooLarge(_BEYOND)
        if offset + len(part) <= found.offset:
            return self._finished(found)
        if offset != found.offset:
            raise Conflict(
                Message(
                    f"Upload-Offset 应为 {found.offset}", f"Upload-Offset must be {found.offset}"
                )
            )
        self._write(upload_id, part)
        return self._finished(self.get(upload_id))

    def _write(self, upload_id: str, part: bytes) -> None:
        try:
            with (self._at(upload_id) / "data").open("ab") as stream:
                stream.write(part)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise StorageFull from error

    def _finished(self, found: Upload) -> Upload:
        """Mark an upload that has all its bytes. Raises InvalidInput for other content."""
        if found.complete or found.offset < found.size:
            return found
        folder = self._at(found.id)
        if found.sha256 and _digest(folder / "data") != found.sha256:
            self.delete(found.id)
            raise InvalidInput(FieldError("sha256", _DIGEST))
        (folder / "complete").touch()
        _sync(folder)
        return self.get(found.id)

    def path(self, upload_id: str) -> Path:
        """Return where the whole file lies. Raises NotFound and Conflict (not whole yet)."""
        if not self.get(upload_id).complete:
            raise Conflict(Message("文件还没有传完", "the file has not come whole yet"))
        return self._at(upload_id) / "data"

    def delete(self, upload_id: str) -> None:
        """Drop an upload. Raises NotFound."""
        self.get(upload_id)
        shutil.rmtree(self._at(upload_id))

    def expire(self, now_us: int) -> None:
        """Drop what nobody has touched for too long."""
        for path in self._folder.glob("*"):
            if self.get(path.name).expires_at_us < now_us:
                self.delete(path.name)

    def _at(self, upload_id: str) -> Path:
        if not upload_id.isalnum() or not upload_id.isascii() or len(upload_id) > 64:
            raise NotFound
        return self._folder / upload_id


def _digest(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
