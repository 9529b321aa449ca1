"""Promotions: rules as documents, prices to the last minor unit, coupons never oversold."""
