"""The documents that operators write: promotions and their parts, coupon batches, profiles."""
