"""The lake in an S3 bucket: ``s3://key:secret@bucket/prefix?endpoint=http://host:port``.

    PREFIX/<table>/_manifest.json                    which content is whose
    PREFIX/<table>/<id>/<partition>/data.parquet     a content, never changed
    PREFIX/<table>/.staged/<partition>.parquet       what an engine writes

There is no rename: a content gets a key of its own, and then the manifest is replaced by a
conditional put. Readers go by the manifest, never by a listing. What a manifest no longer names
stays for an hour and is deleted by a later publisher.

Without a key in the URL the credentials are those of the environment (``AWS_ACCESS_KEY_ID``, a
role of the machine). The rest of the query: ``region`` (``us-east-1``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import obstore
import pyarrow as pa
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from queqiao.kernel.clock import SECOND_US, Clock
from queqiao.kernel.errors import Message, NotFound, StorageFull, Unavailable
from queqiao.ports.lake.base import Content, Held, check_names
from queqiao.ports.lake.manifest import GRACE_US, Entry, Manifest, key_of
from queqiao.ports.lake.parquet import SUFFIX, content_of, decoded, encoded, merged

_MANIFEST = "_manifest.json"
_STAGED = ".staged"
_TURNS = 50
"""How often a manifest that another publisher replaced is read again."""

_CLIENT = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=60)}
_RETRY = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
_WORDS_MAX = 300
_NO_AUTHORITIES = "No CA certificates"
_FULL = ("QuotaExceeded", "StorageFull", "InsufficientStorage", "507 ", "no free volumes")


class S3Lake:
    """Lake in a bucket. ``new_id`` gives short names that no other content of a partition had."""

    def __init__(self, url: str, clock: Clock, new_id: Callable[[], str]) -> None:
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._bucket = parts.hostname or ""
        self._prefix = unquote(parts.path).strip("/")
        self._endpoint = asked.get("endpoint", "").rstrip("/")
        self._region = asked.get("region", "us-east-1")
        self._keys = _keys(unquote(parts.username or ""), unquote(parts.password or ""))
        self._clock, self._new_id = clock, new_id
        self._store = self._opened()

    def _opened(self) -> S3Store:
        options: dict[str, Any] = {"region": self._region, **self._keys}
        if self._endpoint:
            options |= {"endpoint": self._endpoint, "virtual_hosted_style_request": False}
        client: Any = {**_CLIENT, "allow_http": self._endpoint.startswith("http:")}
        retry: Any = _RETRY
        with _faults():
            return S3Store(self._bucket, client_options=client, retry_config=retry, **options)

    def publish(self, table: str, partition: str, rows: pa.Table) -> None:
        """Put the content, then the manifest. See the contract."""
        self.publish_file(table, partition, encoded(rows))

    def publish_file(self, table: str, partition: str, content: bytes) -> None:
        """Publish the bytes of a file likewise."""
        check_names(table, partition)
        self._publish(table, partition, content)

    def partitions(self, table: str) -> list[str]:
        """Return what the manifest names, sorted."""
        return sorted(self._manifest(table)[0].partitions)

    def read(self, table: str, partition: str) -> pa.Table:
        """Return one partition. Raises NotFound."""
        key = self._content(table, partition)
        with _faults():
            return decoded(bytes(obstore.get(self._store, key).bytes()))

    def content(self, table: str, partition: str) -> Content:
        """Return what a partition's object says. Raises NotFound and Broken."""
        key = self._content(table, partition)

        def read_range(start: int, length: int) -> bytes:
            return bytes(obstore.get_range(self._store, key, start=start, length=length))

        with _faults():
            found = obstore.head(self._store, key)
            written_us = int(found["last_modified"].timestamp()) * SECOND_US
            return content_of(found["size"], written_us, read_range)

    def stage(self, table: str, partition: str) -> str:
        """Return the URL of a partition's staged object."""
        key = self._staged(table, partition)
        self._delete(self._listed(key))
        return f"s3://{self._bucket}/{key}"

    def forget_staged(self, table: str) -> None:
        """Delete every staged object, and contents that nobody reads any more."""
        check_names(table, "day=0")
        self._delete(self._listed(self._key(table, _STAGED)))
        self._sweep(table)

    def publish_staged(self, table: str, partition: str) -> None:
        """Copy the staged object to a key of its own, or make one of many. Raises NotFound."""
        staged = self._staged(table, partition)
        found = self._listed(staged)
        if staged in found:
            entry = Entry(self._new_id())
            with _faults():
                obstore.copy(self._store, staged, self._key(table, key_of(partition, entry)))
            self._show(table, partition, entry)
        else:
            self._publish(table, partition, self._compacted(found))
        self._delete(found)

    def place(self, table: str, *partitions: str) -> str:
        """Return the URL of the partitions' objects. Raises NotFound for one that is not there."""
        entries = self._manifest(table)[0].partitions
        folders = [f"{_known(entries, partition).id}/{partition}" for partition in partitions]
        folder = folders[0] if len(folders) == 1 else f"{{{','.join(folders)}}}"
        return f"s3://{self._bucket}/{self._key(table, folder)}/data.parquet"

    def remove(self, table: str, partition: str) -> None:
        """Take a partition out of the manifest; its content goes later."""
        staged = self._staged(table, partition)
        self._show(table, partition, None)
        self._delete(self._listed(staged))

    def held(self, table: str) -> list[Held]:
        """Return what the manifest names, by the folder of its content."""
        entries = sorted(self._manifest(table)[0].partitions.items())
        place = self.location(table)
        return [Held(name, f"{place}/{entry.id}/{name}", entry.id) for name, entry in entries]

    def location(self, table: str) -> str:
        """Return the URI of a table as Hadoop's client of S3 reads it."""
        return f"s3a://{self._bucket}/{self._key(table)}"

    def access(self) -> Mapping[str, str]:
        """Return the address of the bucket, and its keys or that the environment has them."""
        endpoint = self._endpoint or f"https://s3.{self._region}.amazonaws.com"
        url = f"{endpoint}/{self._bucket}/"
        return {"url": url, **(self._keys or {"use_environment_credentials": "1"})}

    def erase(self) -> None:
        """Delete everything in the lake. For trials below a prefix of their own."""
        with _faults():
            found = obstore.list(self._store, f"{self._prefix}/").collect()
        self._delete([one["path"] for one in found])

    def _publish(self, table: str, partition: str, content: bytes) -> None:
        digest = blake2b(content, digest_size=16).hexdigest()
        former = self._manifest(table)[0].partitions.get(partition)
        if former is not None and former.digest == digest:
            return
        entry = Entry(self._new_id(), digest)
        key = self._key(table, key_of(partition, entry))
        with _faults():
            obstore.put(self._store, key, content)
        self._show(table, partition, entry)

    def _show(self, table: str, partition: str, entry: Entry | None) -> None:
        """Give a partition its content, in the latest manifest, whichever that is.

        A put whose answer was lost is refused when it is sent again; the next reading shows that
        it had worked.
        """
        began_us = self._clock.now_us()
        for _ in range(_TURNS):
            now_us = self._clock.now_us()
            former, tag = self._manifest(table)
            fresh = former.with_entry(partition, entry, now_us)
            if fresh is former or self._replaced(table, fresh, tag, now_us - began_us):
                self._sweep(table)
                return
        raise Unavailable(_BUSY)

    def _replaced(self, table: str, manifest: Manifest, tag: str | None, took_us: int) -> bool:
        """Return whether the manifest was replaced; if not, another publisher was quicker."""
        if took_us > GRACE_US // 2:
            raise Unavailable(_SLEPT)  # the content may be swept by now
        mode: Any = {"e_tag": tag} if tag else "create"
        try:
            with _faults():
                body = msgspec.json.encode(manifest)
                obstore.put(self._store, self._key(table, _MANIFEST), body, mode=mode)
        except (PreconditionError, AlreadyExistsError):
            return False
        return True

    def _manifest(self, table: str) -> tuple[Manifest, str | None]:
        """Return a table's manifest with the tag of its version; None when there is none yet."""
        check_names(table, "day=0")
        try:
            with _faults():
                found = obstore.get(self._store, self._key(table, _MANIFEST))
                manifest = msgspec.json.decode(bytes(found.bytes()), type=Manifest)
        except FileNotFoundError:
            return Manifest(), None
        return manifest, found.meta["e_tag"]

    def _sweep(self, table: str) -> None:
        """Delete contents that no manifest has named for an hour, by the store's own clock.

        The manifest is read after the listing, so that what is named meanwhile is seen.
        """
        with _faults():
            found = obstore.list(self._store, self._key(table) + "/").collect()
        if not found:
            return
        kept = {self._key(table, key) for key in (_MANIFEST, *self._manifest(table)[0].keys())}
        old = max(one["last_modified"] for one in found) - timedelta(microseconds=GRACE_US)
        staged = self._key(table, _STAGED) + "/"
        self._delete(
            [
                one["path"]
                for one in found
                if one["path"] not in kept
                and one["last_modified"] < old
                and not one["path"].startswith(staged)
            ]
        )

    def _compacted(self, found: Sequence[str]) -> bytes:
        parts = sorted(key for key in found if key.endswith(SUFFIX))
        if not parts:
            raise NotFound
        with _faults():
            return merged([bytes(obstore.get(self._store, key).bytes()) for key in parts])

    def _content(self, table: str, partition: str) -> str:
        check_names(table, partition)
        entry = _known(self._manifest(table)[0].partitions, partition)
        return self._key(table, key_of(partition, entry))

    def _listed(self, key: str) -> list[str]:
        """Return an object of this key and those of a folder of this name."""
        with _faults():
            folder, _, _ = key.rpartition("/")
            found = obstore.list(self._store, f"{folder}/").collect()
        return [
            one["path"] for one in found if one["path"] == key or one["path"].startswith(f"{key}/")
        ]

    def _delete(self, keys: Sequence[str]) -> None:
        if keys:
            with _faults():
                obstore.delete(self._store, list(keys))

    def _staged(self, table: str, partition: str) -> str:
        check_names(table, partition)
        return self._key(table, _STAGED, partition + SUFFIX)

    def _key(self, *names: str) -> str:
        return "/".join((self._prefix, *names)) if self._prefix else "/".join(names)


_BUSY = Message("多个进程在争着发布同一张表", "too many processes publish one table at once")
_SLEPT = Message("发布中断得太久，请重试", "publishing was held up for too long; it is tried again")


def _keys(access_key_id: str, secret_access_key: str) -> dict[str, str]:
    if not access_key_id:
        return {}
    return {"access_key_id": access_key_id, "secret_access_key": secret_access_key}


def _known(entries: Mapping[str, Entry], partition: str) -> Entry:
    if partition not in entries:
        check_names("known", partition)
        raise NotFound
    return entries[partition]


@contextmanager
def _faults() -> Iterator[None]:
    """Say in our words what the client raises; what is not there, or not so, passes."""
    try:
        yield
    except (PreconditionError, AlreadyExistsError):
        raise
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise _fault_of(error) from error
        raise
    except (BaseError, OSError) as error:
        raise _fault_of(error) from error


def _fault_of(error: Exception) -> Unavailable:
    words = str(error)
    said = words.partition("\n")[0][:_WORDS_MAX]
    if any(mark in words for mark in _FULL):
        return StorageFull(Message(f"对象存储已满：{said}", f"the object store is full: {said}"))
    if _NO_AUTHORITIES in words:
        return Unavailable(
            Message(
                "本机没有 CA 证书：请安装 ca-certificates",
                "this machine has no CA certificates: install ca-certificates",
            )
        )
    return Unavailable(
        Message(
            f"对象存储不可用（{said}）：请检查 [ports] lake 的桶、endpoint 与密钥权限",
            f"the object store cannot be used ({said}): look at the bucket, the endpoint and the"
            " rights of the key in [ports] lake",
        )
    )
