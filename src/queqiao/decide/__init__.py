"""Decisions: which ad, which recommendation, which price."""
