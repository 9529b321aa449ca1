"""The laws of transforms on Flink, by a client of its own that ends with them."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from queqiao.kernel.errors import Message
from queqiao.ports.compute import flink
from queqiao.ports.laws import Law
from queqiao.wiring.verification.compute_laws import laws_of_process, option

NOT_TRIED = Message(
    "未尝试：Kafka 主题上的流、被杀的任务管理器、多台机器",
    "not tried: streams on topics of Kafka, a killed task manager, more than one machine's folder",
)


def laws(url: str) -> AbstractAsyncContextManager[list[Law]]:
    """Give the laws bound to ``flink:PYTHON?rest=http://…``; without it the client runs all."""
    start = partial(flink.start, rest=option(url, "rest"))
    return laws_of_process(url, start, flink.FlinkEngine)
