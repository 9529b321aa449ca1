"""The laws of transforms on Spark, by a driver of its own that ends with them."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from queqiao.kernel.errors import Message
from queqiao.ports.compute import spark
from queqiao.ports.laws import Law
from queqiao.wiring.verification.compute_laws import laws_of_process, option

NOT_TRIED = Message(
    "未尝试：Kafka 主题上的流、被杀的驱动进程、多台机器",
    "not tried: streams on topics of Kafka, a killed driver, more than one machine's folder",
)


def laws(url: str) -> AbstractAsyncContextManager[list[Law]]:
    """Give the laws bound to ``spark:PYTHON?master=…``; the master is ``local[2]`` unless said."""
    start = partial(spark.start, master=option(url, "master") or "local[2]")
    return laws_of_process(url, start, spark.SparkEngine)
