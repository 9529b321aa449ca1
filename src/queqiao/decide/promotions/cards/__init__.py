"""Stored-value cards: sold, topped up, paid with, refunded; their money lies in the ledger."""
