"""Keyring: secrets of others that the system must be able to read again, sealed at rest."""
