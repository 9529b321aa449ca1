"""Frequency caps: how often one person is shown ads, counted exactly, over all workers."""
