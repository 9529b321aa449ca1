"""Operate: the console's API: sign-in, permissions, audit and the documents of every stage."""
