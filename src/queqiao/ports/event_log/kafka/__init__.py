"""The event log on Kafka: one transaction a group, one order over all partitions."""
