"""Invalid traffic: who is no shopper, which clicks no advertiser pays, and why."""
