"""The durable, deduplicated log of events that everything downstream is computed from."""
