"""Pacing live: what each campaign bids just now, by its strategy, its plan and what came of it."""
