"""How an ad gets to where it is seen, and what it is owed afterwards."""
