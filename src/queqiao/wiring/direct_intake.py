"""Which paths of the public port are answered directly, and with what."""

from queqiao.collect.contracts import BATCH_BYTES_MAX
from queqiao.collect.express import Express, express_paths
from queqiao.kernel import cors
from queqiao.wiring.client_address import ClientAddresses
from queqiao.wiring.direct_http import Direct, protocol_of
from queqiao.wiring.http_server import BoundedProtocol

TAKEN = (
    b"content-type: application/json\r\ncontent-length: 16\r\n"
    b'access-control-allow-origin: *\r\n\r\n{"success":true}'
)
"""The answer of the intake; the same as that of its routes."""


def intake_paths(express: Express) -> dict[bytes, Direct]:
    """Return the intake's paths that are answered directly."""
    lines = (*cors.ANY_SITE, cors.EXPOSED)
    return {
        path.encode(): Direct(take, BATCH_BYTES_MAX, TAKEN, lines)
        for path, take in express_paths(express).items()
    }


def direct_protocol(
    express: Express, addresses: ClientAddresses | None = None
) -> type[BoundedProtocol]:
    """Return the public port's protocol: usual intake requests skip the application."""
    return protocol_of(intake_paths(express), addresses)
