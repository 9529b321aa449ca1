"""Referrals (老带新): members' codes, newcomers who use them, and rewards once an order is kept."""
