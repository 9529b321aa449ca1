"""Calls to bidders: kept connections, bounded answers, never longer than they may take."""
