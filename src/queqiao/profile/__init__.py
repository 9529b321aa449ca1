"""Shoppers: what is known of each, and the groups that operators make of it."""
