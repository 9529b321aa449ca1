"""The benchmark in Spark's own API: ``spark_yahoo.py JOB``; it prints the seconds of each run.

JOB is JSON: conf, servers, topics (each with its output), ads (Parquet), offsets_a_cut, folder.
"""

import json
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

job = json.loads(sys.argv[1])
builder = SparkSession.builder
for name, value in job["conf"].items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
ads = spark.read.parquet(job["ads"])

for place, (topic, out) in enumerate(job["topics"]):
    begun = time.monotonic()
    events = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", job["servers"])
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", str(job["offsets_a_cut"]))
        .load()
        .select(
            f.from_json(
                f.col("value").cast("string"), "ad_id string, event_type string, event_time string"
            ).alias("e")
        )
    )
    views = (
        events.where("e.event_type = 'view'")
        .select("e.ad_id", f.timestamp_millis(f.col("e.event_time").cast("long")).alias("at"))
        .join(f.broadcast(ads), "ad_id")
        .withWatermark("at", "60 seconds")
        .groupBy("campaign_id", f.window("at", "10 seconds").alias("w"))
        .count()
    )
    line = f.struct(
        "campaign_id",
        f.unix_micros("w.start").alias("window_start"),
        f.col("count").alias("views"),
    )
    (
        views.select(f.to_json(line).alias("value"))
        .writeStream.outputMode("update")
        .format("kafka")
        .option("kafka.bootstrap.servers", job["servers"])
        .option("topic", out)
        .option("checkpointLocation", f"{job['folder']}/by-hand-{place}")
        .trigger(availableNow=True)
        .start()
        .awaitTermination()
    )
    print("took", time.monotonic() - begun, flush=True)
