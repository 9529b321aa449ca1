"""What the engine's error codes mean in our error tree."""

import errno

import structlog
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError

from queqiao.kernel.errors import Broken, Message, QueqiaoError, Refused, StorageFull, Unavailable

log = structlog.get_logger()

WORDS_MAX = 500

# Codes: src/Common/ErrorCodes.cpp of ClickHouse.
_TOO_SLOW = frozenset({159, 160})
_TOO_MANY_ROWS = frozenset({158, 307, 396})
_TOO_MUCH_MEMORY = frozenset({173, 241})
_DISK_FULL = frozenset({243})
_READ_ONLY = frozenset({164})
_TAKES_NO_ROWS = frozenset({225, 236, 242, 252, 285, 286, 319, 341, 999})
"""Replicas or their keeper are away or did not answer in time, the server is stopping, or it is
behind with merges: what of an insert is there is asked before it is tried again."""
_LAKE_AWAY = frozenset({209, 210, 499, 660})
_UNOPENED = 76
"""Socket timeout, network, S3 and HDFS: old events are read from a lake that does not answer."""

_SLOW = Message(
    "查询超过了时间上限，请缩短时间范围或减少维度",
    "the query ran over its time limit; ask for a shorter time or fewer dimensions",
)
_ROWS = Message(
    "查询结果行数超过上限，请减少维度或缩短时间范围",
    "the query gives more rows than allowed; ask for fewer dimensions or a shorter time",
)
_MEMORY = Message(
    "查询需要的内存超过上限，请缩短时间范围或减少维度",
    "the query needs more memory than allowed; ask for a shorter time or fewer dimensions",
)
_AWAY = Message(
    "数据湖没有应答，旧事件暂时读不到，请稍后重试",
    "the lake does not answer, so old events cannot be read just now; please retry",
)
_WRITES = Message("这里只能读取数据", "only reading statements are allowed here")


def fault_of(error: Exception) -> QueqiaoError:
    """Return the error of our tree for what the client library or the disk raised."""
    if isinstance(error, OSError):
        return StorageFull() if error.errno == errno.ENOSPC else Unavailable()
    code = getattr(error, "code", None)
    known = _passing(error, code) or _over_limit(code)
    if known is None:
        # A defect of ours: the caller learns no more, so the log must hold the engine's words.
        log.error("the warehouse refused a statement", code=code, said=str(error)[:WORDS_MAX])
        return Broken(Message("数据仓库拒绝了语句", "the warehouse refused a statement"))
    return known


def _passing(error: Exception, code: int | None) -> QueqiaoError | None:
    """Return what may be over at the next try."""
    if code in _DISK_FULL:
        return StorageFull()
    if code in _TAKES_NO_ROWS:
        log.warning("the warehouse takes no rows now", code=code, said=str(error)[:WORDS_MAX])
        return Unavailable()
    if code in _LAKE_AWAY or (code == _UNOPENED and "HDFS" in str(error)):  # in safe mode
        log.warning("the engine cannot reach the lake", code=code, said=str(error)[:WORDS_MAX])
        return Unavailable(_AWAY)
    if code is None and isinstance(error, OperationalError):
        return Unavailable()
    return None


def _over_limit(code: int | None) -> QueqiaoError | None:
    if code in _READ_ONLY:
        return Refused(_WRITES, reason="read_only")
    if code in _TOO_SLOW:
        return Refused(_SLOW, reason="query_too_slow")
    if code in _TOO_MANY_ROWS:
        return Refused(_ROWS, reason="query_too_many_rows")
    if code in _TOO_MUCH_MEMORY:
        return Refused(_MEMORY, reason="query_too_much_memory")
    return None


RAISED = (ClickHouseError, DatabaseError, OSError)
"""What the client library raises when an engine or a connection fails."""
