"""Ids, money, time, chance, errors, the wire and the event vocabulary. Imports nothing of ours."""
