"""Refunds: what goes back when units of an order come back, to the unit and the minor unit."""
