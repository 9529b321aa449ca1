"""Inventory: what may stand where, from which price, and what is sold before the auction."""
