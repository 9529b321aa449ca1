"""Bids where money buys few of the auctions: each at the worth of the money that it takes."""
