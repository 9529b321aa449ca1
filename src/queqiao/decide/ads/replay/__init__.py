"""What would have happened: past auctions under another bid, budget, targeting, cap or floor."""
