"""Where facts are kept in columns and asked for in SQL."""
