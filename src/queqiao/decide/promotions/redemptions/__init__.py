"""Placing an order uses promotions: counted in one atomic step, told to the log, given back."""
