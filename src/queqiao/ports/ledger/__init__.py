"""Where scarce things are counted: budgets, coupon quotas, stock, caps."""
