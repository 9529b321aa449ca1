"""The management endpoint of redemptions: the ledger held against the log."""

from queqiao.decide.promotions.redemptions.reconciliation import Reconciliation, reconcile
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

PATH = "/api/v1/ledger/promotions"


def handlers(ledger: Ledger, warehouse: Warehouse, records: Records) -> list[Route]:
    """Return the routes of the console role."""

    async def proof(_request: Request) -> Response:
        return json_response(await reconcile(ledger, warehouse, records))

    words = Message(
        "核对每个促销：账本与事件日志", "Each promotion by ledger and by event log, compared"
    )
    return [Route("GET", PATH, proof, words, "read", None, Reconciliation, ("ledger",))]
