"""The effect of promotions: what they gave, what it brought, and whether the books agree."""
