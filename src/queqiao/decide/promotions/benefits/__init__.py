"""What a promotion gives on goods: one small class for each kind of benefit."""
