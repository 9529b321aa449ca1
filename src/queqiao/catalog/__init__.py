"""Goods: products, SKUs, categories, shops, prices, cost and stock; the goods half of the hub."""
