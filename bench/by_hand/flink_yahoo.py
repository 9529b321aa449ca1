"""The benchmark in Flink SQL with one vectorised Python function: ``flink_yahoo.py JOB``.

JOB is JSON: conf, jars, python_jars, servers, topics (each with its output), ads (a dictionary).
It prints the seconds of each run.
"""

import json
import sys
import time
from typing import Any

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.table import DataTypes, StreamTableEnvironment
from pyflink.table.udf import udf

job = json.loads(sys.argv[1])
owners = job["ads"]


@udf(result_type=DataTypes.STRING(), func_type="pandas")
def campaign_of(ads: Any) -> Any:
    """Return the campaign of each ad."""
    return ads.map(owners)


for topic, out in job["topics"]:
    begun = time.monotonic()
    conf = Configuration()
    for name, value in job["conf"].items():
        conf.set_string(name, value)
    java = get_gateway().jvm.org.apache.flink.streaming.api.environment
    env = StreamExecutionEnvironment(java.StreamExecutionEnvironment(conf._j_configuration))  # noqa: SLF001
    env.add_jars(*[f"file://{jar}" for jar in job["jars"]])
    tables = StreamTableEnvironment.create(env)
    tables.create_temporary_function("campaign_of", campaign_of)
    kafka = f"'connector' = 'kafka', 'properties.bootstrap.servers' = '{job['servers']}'"
    tables.execute_sql(
        f"""CREATE TABLE events (ad_id STRING, event_type STRING, event_time STRING,
        happened AS TO_TIMESTAMP_LTZ(CAST(event_time AS BIGINT), 3),
        WATERMARK FOR happened AS happened - INTERVAL '60' SECOND)
        WITH ({kafka}, 'topic' = '{topic}',
        'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',
        'format' = 'json')"""
    )
    tables.execute_sql(
        f"""CREATE TABLE counts (campaign_id STRING, window_start BIGINT, `views` BIGINT)
        WITH ({kafka}, 'topic' = '{out}', 'format' = 'json',
        'sink.delivery-guarantee' = 'exactly-once',
        'sink.transactional-id-prefix' = '{out}', 'properties.transaction.timeout.ms' = '600000')"""
    )
    tables.execute_sql(
        """CREATE TEMPORARY VIEW seen AS
        SELECT campaign_of(ad_id) AS campaign_id, happened FROM events WHERE event_type = 'view'"""
    )
    tables.execute_sql(
        """INSERT INTO counts
        SELECT campaign_id, 1000000 * CAST(TIMESTAMPDIFF(SECOND,
            TIMESTAMP '1970-01-01 00:00:00', CAST(window_start AS TIMESTAMP(3))) AS BIGINT), n
        FROM (SELECT campaign_id, window_start, COUNT(*) AS n
        FROM TABLE(TUMBLE(TABLE seen, DESCRIPTOR(happened), INTERVAL '10' SECOND))
        GROUP BY campaign_id, window_start, window_end)"""
    ).wait()
    print("took", time.monotonic() - begun, flush=True)
