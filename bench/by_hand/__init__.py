"""What is run by hand: a benchmark in an engine's own API, in its Python; long comparisons."""
