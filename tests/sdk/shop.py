"""A shop's process that tracks without end: ``shop.py KEY URL SPOOL NAME DURABLE``.

It says each message id on a line of its own once ``track`` has returned.
"""

import os
import sys

from queqiao_client import Client

key, url, spool, name, durable = sys.argv[1:]
client = Client(key, url, spool=spool, durable=durable == "durable", flush_every_s=0.01)
number = 0
while True:
    said = client.track(name, {"number": number, "text": "春茶🍵"}, user_id="u-1")
    os.write(1, f"{said}\n".encode())
    number += 1
