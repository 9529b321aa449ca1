"""One module a role: what it opens, what it answers, what it does in between."""
