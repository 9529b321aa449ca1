"""From the log to facts: identity, sessions, orders, and the loading of the warehouse."""
