"""Ads: placements, campaigns, targeting, the auction, budgets, notices."""
