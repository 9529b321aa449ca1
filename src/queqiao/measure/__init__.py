"""Metrics, reports and their freshness."""
