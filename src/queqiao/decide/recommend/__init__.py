"""Recommendation: what goes with what, with the reason said and the chance logged."""
