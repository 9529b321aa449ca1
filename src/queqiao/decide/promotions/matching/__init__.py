"""Which promotions does a cart reach? Conditions compiled to bits, and to trees that explain."""
