"""A store that lives on the system, speaking to it by its public HTTP interfaces only."""
