"""Bidding strategies: what to bid for each impression, from what is known at that moment."""
