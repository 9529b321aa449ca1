"""Records: what the system must remember exactly, in SQLite or PostgreSQL."""
