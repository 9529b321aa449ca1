"""Sanity on real shoppers: neighbours beat popularity by far (Retailrocket's sessions)."""

import gzip
from collections import Counter
from pathlib import Path

from queqiao.decide.recommend import ranking
from queqiao.decide.recommend.model import encode_model, load_model
from queqiao.decide.recommend.training import fit

SESSIONS_TRAINED = 60_000
QUESTIONS_MAX = 3_000
RECALL_AT = 20


def sessions(folder: Path) -> list[list[str]]:
    with gzip.open(
        folder / "sessions" / "retailrocket" / "retailrocket_train_sessions.txt.gz", "rt"
    ) as file:
        return [line.split() for line in file]


def test_recall_at_20_beats_popularity(shared_data):
    every = sessions(shared_data)
    train, later = every[-SESSIONS_TRAINED - 5_000 : -5_000], every[-5_000:]
    popular = Counter(sku for session in train for sku in session).most_common(500)
    model = load_model(encode_model(fit(train, [], popular)))
    questions = [(s[:-1], s[-1]) for s in later if len(s) > 1 and s[-1] not in s[:-1]]
    hits, popular_hits = 0, 0
    for seen, following in questions[:QUESTIONS_MAX]:
        found = ranking.candidates(model, seen[-3:], (), RECALL_AT)
        hits += following in {c.sku for c in found[:RECALL_AT]}
        popular_hits += following in {sku for sku, _ in popular[:RECALL_AT]}
    asked = len(questions[:QUESTIONS_MAX])
    print(f"recall@20 {hits / asked:.3f}, popularity {popular_hits / asked:.3f}, of {asked}")
    assert hits / asked > 0.25
    assert hits > 5 * popular_hits
