"""The Yahoo streaming benchmark as one would write it in an engine's own API; run in its Python."""
