"""Spark SQL reads the lake's tables by the metastore; run by Spark's own Python.

``spark_lake.py METASTORE DATABASE [NAME=VALUE …]``: prints one line of JSON with what the suite
compares. Further arguments are settings of the session.
"""

import json
import sys

from pyspark.sql import SparkSession

COUNTS = """SELECT day, count(*), sum(spent_minor), count(channel), max(first_seen),
    sum(size(categories)) FROM {}.profiles GROUP BY day ORDER BY day"""


def session(metastore: str, settings: list[str]) -> SparkSession:
    """Return a small session on this machine."""
    chosen = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "700m",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.hadoop.hive.metastore.uris": metastore,
        **dict(one.split("=", 1) for one in settings),
    }
    builder = SparkSession.builder.master("local[1]").enableHiveSupport()
    for name, value in chosen.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def main() -> None:
    """Ask, and print what came."""
    metastore, database, *settings = sys.argv[1:]
    spark = session(metastore, settings)
    spark.sparkContext.setLogLevel("ERROR")
    counts = [
        [row[0], row[1], row[2], row[3], row[4].isoformat(), row[5]]
        for row in spark.sql(COUNTS.format(database)).collect()
    ]
    described = spark.sql(f"DESCRIBE {database}.profiles").collect()
    columns = [row.col_name for row in described if not row.col_name.startswith("#")]
    offsets = spark.sql(f"SELECT sum(n), max(n) FROM {database}.events").collect()[0]
    print(
        json.dumps({"counts": counts, "columns": columns, "offsets": [str(one) for one in offsets]})
    )
    spark.stop()


if __name__ == "__main__":
    main()
