"""OpenRTB 2.6 and 2.5: messages, their checks, privacy signals, and our bidder for exchanges."""
