"""What stands around the goods of a quote: shipping, gifts, points, cashback, taxes, payments."""
