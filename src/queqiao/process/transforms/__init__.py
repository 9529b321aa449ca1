"""The transform catalogue: named plans and machines over events, run by any engine."""
