"""The best combination for the shopper, and the proof that none is better."""
