"""What will happen: impressions, clicks and cost of a draft, and whom it reaches."""
