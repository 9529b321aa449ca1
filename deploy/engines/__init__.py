"""The real engines on one machine, from packages: fetched, configured, started, watched, stopped.

``python -m deploy.engines --help`` says how; README.md says which engines and what they cost.
"""
