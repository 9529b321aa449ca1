"""What the system needs from outside: one folder a need, one contract, one file a technology."""
