"""Ad groups: what a campaign shows in several ways, and creatives that several of them share."""
