"""Pricing: offers applied to a basket in order, to the last minor unit. Pure and deterministic."""
