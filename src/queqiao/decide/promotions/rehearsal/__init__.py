"""What a draft would do before it goes live: the lowest prices, the worst cart, last week again."""
