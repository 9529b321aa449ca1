"""Who pays for ads: advertisers, the money they paid in, what they were billed."""
