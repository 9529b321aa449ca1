"""A process that counts ads of few people as fast as it can, and says of each what came of it.

``python -m tests.ads.caps.counting_process HOME SEED ADS`` waits for a line on stdin. Each line on
stdout is the person of an ad that was counted, written when that was done, as an event would be.
"""

import sys
from pathlib import Path
from random import Random

from queqiao.decide.ads.caps.counters import tag_of
from queqiao.decide.ads.caps.store import Store

LIMIT, PEOPLE = 25, 60
NOW_US = 1_780_000_000_000_000
TAGS = [
    tag_of("campaign", "c", per, rolling=rolling)
    for per, rolling in (("day", False), ("lifetime", False), ("day", True))
]


class NoLog:
    """A log that is empty."""

    def read(self, after, limit):
        return []

    def end(self):
        return 0


def main(home: str, seed: str, ads: str) -> None:
    people = Store(Path(home), "boot", 10**9).open(NoLog(), "Asia/Shanghai")
    random = Random(int(seed))
    sys.stdin.readline()
    for number in range(int(ads)):
        person = 1000 + random.randrange(PEOPLE)
        if people.count(person, TAGS, dict.fromkeys(TAGS, LIMIT), NOW_US + number) is None:
            sys.stdout.write(f"{person}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
