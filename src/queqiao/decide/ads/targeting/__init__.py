"""Who may see what: expressions, whether they hold, and the index that finds those that do."""
