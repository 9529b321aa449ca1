"""The lake: whole partitions of columns, published at once, kept for batch engines and people."""
