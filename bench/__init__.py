"""Benchmarks: each figure as a ratio against a peer or a physical limit in the same run."""
