"""Points and tiers: accounts that orders fill and empty, kept in double entry."""
