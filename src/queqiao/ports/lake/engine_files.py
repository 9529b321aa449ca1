"""Puts a file where the lake's places and staged URLs say, as an engine would.

For the laws and the suites: the engines themselves write by their own means.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit


def writer(access: Mapping[str, str]) -> Callable[[str, bytes], None]:
    """Return a function that writes a place's bytes; ``access`` is what the lake tells engines."""

    def write(place: str, content: bytes) -> None:
        scheme = urlsplit(place).scheme
        if scheme == "hdfs":
            _to_hdfs(place, content)
        elif scheme == "s3":
            _to_s3(place, content, access)
        else:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).write_bytes(content)

    return write


def _to_hdfs(place: str, content: bytes) -> None:
    from hdfs_native import Client, WriteOptions  # noqa: PLC0415  # only when named

    parts = urlsplit(place)
    with Client(f"hdfs://{parts.netloc}").create(parts.path, WriteOptions(create_parent=True)) as f:
        f.write(content)


def _to_s3(place: str, content: bytes, access: Mapping[str, str]) -> None:
    import obstore  # noqa: PLC0415  # only when named
    from obstore.store import S3Store  # noqa: PLC0415  # likewise

    bucket, _, key = place.removeprefix("s3://").partition("/")
    store = S3Store(
        bucket,
        endpoint=access["url"].removesuffix(f"/{bucket}/"),
        region="us-east-1",
        access_key_id=access.get("access_key_id"),
        secret_access_key=access.get("secret_access_key"),
        client_options={"allow_http": True},
    )
    obstore.put(store, key, content)
