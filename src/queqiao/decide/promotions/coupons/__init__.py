"""Coupons: batches of codes, what becomes of each code, and who holds it."""
