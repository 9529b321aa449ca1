"""Reach: what leaves the system for others to hear: webhooks."""
