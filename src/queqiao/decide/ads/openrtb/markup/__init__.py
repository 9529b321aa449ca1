"""What is shown on a foreign page: HTML for banners, JSON for native ads, VAST for streams."""
