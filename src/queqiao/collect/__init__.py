"""Events come in: protocols, validation, dedup, the durable log, and what was refused."""
