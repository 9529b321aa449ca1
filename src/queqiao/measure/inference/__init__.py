"""Pure statistics on frozen numbers: intervals of differences, sizes of samples, ratios of arms."""
