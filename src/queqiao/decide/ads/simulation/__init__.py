"""Markets in which a bidding strategy is tried before it may spend."""
