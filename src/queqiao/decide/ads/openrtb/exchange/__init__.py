"""The exchange: one impression, many bidders, the best bid; as Prebid Server answers it."""
