"""A consumer of the log that knows nothing of us: it copies events to a topic, each exactly once.

It reads in a consumer group and writes back in a transaction that also commits what it has read, as
docs/operating/kafka.md tells others to do. It knows the log by its headers only.
"""

import sys

from confluent_kafka import Consumer, KafkaException, Producer


def work(bootstrap: str, source: str, target: str, name: str) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{target}.copiers",
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": 6000,
            "log_level": 0,
        }
    )
    producer = Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": f"{target}.{name}", "log_level": 0}
    )
    producer.init_transactions(30)
    consumer.subscribe([source])
    while True:
        messages = [one for one in consumer.consume(50, 0.5) if one.error() is None]
        if not messages:
            continue
        producer.begin_transaction()
        try:
            for message in messages:
                offset = dict(message.headers())["offset"]
                producer.produce(target, offset, message.key())
            producer.send_offsets_to_transaction(
                consumer.position(consumer.assignment()), consumer.consumer_group_metadata()
            )
            producer.commit_transaction()
        except KafkaException:  # the group was rebalanced meanwhile: others have these now
            producer.abort_transaction()
            consumer.unsubscribe()
            consumer.subscribe([source])
            continue
        print(len(messages), flush=True)


if __name__ == "__main__":
    work(*sys.argv[1:])
