"""The forecast of a day: exact laws, and how often days that it had not seen lie within."""

import csv
import gzip
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
from tests.ads.inventory.supplied import WEEKDAYS, daily

from queqiao.decide.ads.inventory.seasonal import Outlook, forecast

WEEKS_SEEN = 26


def counted(days):
    """Counts by day from the first to the last, and the weekday of the first."""
    counts, first, last = Counter(days), min(days), max(days)
    every = [first + timedelta(at) for at in range((last - first).days + 1)]
    return [counts[day] for day in every], first.weekday()


def online_retail(folder):
    path = folder / "online_retail/onlineretail.csv.gz"
    with gzip.open(path, "rt", errors="replace") as file:
        rows = csv.reader(file)
        next(rows)
        return counted([date.fromisoformat(row[4][:10]) for row in rows])


def complete_journey(folder):
    path = folder / "complete_journey/transactions_sample.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = csv.DictReader(file)
        return counted([date.fromisoformat(row["transaction_timestamp"][:10]) for row in rows])


def backtest(counts, weekday, ahead, step=7):
    """Forecast from every ``step``-th day; return coverage, error, and that of last week's day."""
    within, missed, naive = [], [], []
    for now in range(56, len(counts) - ahead, step):
        start = max(0, now - WEEKS_SEEN * 7)
        found = forecast(counts[start:now], (weekday + start) % 7, ahead)
        for day, outlook in enumerate(found):
            actual = counts[now + day]
            within.append(outlook.low <= actual <= outlook.high)
            missed.append(abs(actual - outlook.expected))
            naive.append(abs(actual - counts[now + day - 7 * (day // 7 + 1)]))
    return np.mean(within), np.mean(missed), np.mean(naive)


@pytest.mark.parametrize("series", [online_retail, complete_journey])
def test_nine_of_ten_real_days_that_were_not_seen_lie_within(series, shared_data):
    counts, weekday = series(shared_data)
    for ahead in (7, 28):
        coverage, missed, naive = backtest(counts, weekday, ahead, step=ahead // 2)
        assert 0.85 <= coverage <= 0.96
        assert missed < 0.9 * naive


def test_nine_of_ten_made_days_lie_within():
    counts, first = daily(np.random.default_rng(5), 800, 364)
    coverage, missed, naive = backtest(counts, date.fromisoformat(first).weekday(), 14)
    assert 0.86 <= coverage <= 0.95
    assert missed < 0.85 * naive


def test_weekdays_are_found():
    counts, first = daily(np.random.default_rng(2), 10_000, 91, noise=0.02)
    weekday = date.fromisoformat(first).weekday()
    found = [one.expected for one in forecast(counts, weekday, 7)]
    expected = 10_000 * WEEKDAYS[(np.arange(7) + weekday + 91) % 7]
    assert np.allclose(found, expected, rtol=0.06)


def test_growth_is_followed_and_fades():
    counts = [round(1_000 * 1.02**day) for day in range(60)]
    found = [one.expected for one in forecast(counts, 0, 60)]
    assert 0.97 < found[0] / counts[-1] < 1.05
    assert found[6] > counts[-1]
    assert found[59] < counts[-1] * 1.02**60 / 1.5


def test_a_day_without_any_moves_the_level_little():
    counts = [1_000 + day % 5 for day in range(60)]
    closed = [*counts[:-1], 0]
    assert abs(forecast(closed, 0, 1)[0].expected - 1_000) < 60


@pytest.mark.parametrize("counts", [[], [0], [0] * 40])
def test_nothing_seen_nothing_expected(counts):
    assert forecast(counts, 3, 2) == [Outlook(0, 0, 0)] * 2


@pytest.mark.parametrize("days", [1, 2, 5, 13, 14, 15, 20, 30, 200])
def test_any_length_of_past_gives_an_ordered_outlook(days):
    counts, _ = daily(np.random.default_rng(days), 50, days)
    for one in forecast(counts, 0, 40):
        assert 0 <= one.low <= one.expected <= one.high


def test_the_interval_never_narrows_with_the_weeks():
    counts, _ = daily(np.random.default_rng(1), 5_000, 120)
    found = forecast(counts, 0, 56)
    widths = [(one.high - one.low) / one.expected for one in found]
    assert widths[55] > widths[27] > 0.8 * widths[0]
