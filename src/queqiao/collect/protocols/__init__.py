"""Foreign protocols: each translates what its clients send to Segment calls, and answers as it is
asked to. A translator is a pure function of the client's own bytes, so that a bad row can be read
again after a fix.
"""
