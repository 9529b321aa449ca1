"""What ads promise, and whether the shop can still keep it."""
