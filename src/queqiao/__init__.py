"""Queqiao: the back end of e-commerce promotion, from a click to a report."""

__version__ = "0.1.0"
