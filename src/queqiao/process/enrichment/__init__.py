"""What an event tells beyond its words: true time, device, channel, region, robots."""
