"""Asks Prometheus endpoints what they count, within bounds of time and size.

Every scrape leaves ``up`` (1 or 0), ``scrape_duration_seconds`` and ``scrape_samples_scraped``, as
Prometheus does, with the labels ``job`` and ``instance``. A label of the target's own that has the
name of one of ours is kept as ``exported_…``.
"""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import structlog

from queqiao.collect.probes.contracts import Sample
from queqiao.collect.probes.exposition import Exposition, parse
from queqiao.collect.probes.settings import ProbeSettings, Target

log = structlog.get_logger()

ACCEPT = (
    "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


class ScrapeFailed(Exception):
    """The endpoint did not give what it should; the text says why."""


class Scraper:
    """Scrapes the targets of the settings."""

    def __init__(self, settings: ProbeSettings, client: httpx.AsyncClient | None = None) -> None:
        self._settings = settings
        self._client = client or httpx.AsyncClient(trust_env=False)
        self._failing: set[str] = set()

    async def samples(self) -> list[Sample]:
        """Return what all targets count now; they are asked at the same time."""
        found = await asyncio.gather(*(self._one(target) for target in self._settings.scrape))
        return [sample for samples in found for sample in samples]

    async def _one(self, target: Target) -> list[Sample]:
        own = own_labels(target)
        started = time.monotonic()
        try:
            async with asyncio.timeout(target.timeout_s):
                found = await self._fetch(target)
            self._failing.discard(target.url)
        except (ScrapeFailed, httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            # A timeout is an OSError too.
            self._complain(target, error)
            found = None
        took = Sample("scrape_duration_seconds", time.monotonic() - started, own)
        if found is None:
            return [Sample("up", 0, own), took]
        count = Sample("scrape_samples_scraped", len(found.samples), own)
        wrong = Sample("scrape_wrong_lines", found.wrong_lines, own)
        return [
            *(labelled(one, own) for one in found.samples),
            Sample("up", 1, own),
            took,
            count,
            wrong,
        ]

    def _complain(self, target: Target, error: Exception) -> None:
        if target.url not in self._failing:
            self._failing.add(target.url)
            reason = str(error) or type(error).__name__
            log.warning("an endpoint cannot be scraped", job=target.job, reason=reason)

    async def _fetch(self, target: Target) -> Exposition:
        headers = {"accept": ACCEPT, "accept-encoding": "identity"}
        if target.token_file:
            headers["authorization"] = (
                f"Bearer {Path(target.token_file).read_text('ascii').strip()}"
            )
        body = bytearray()
        async with self._client.stream(
            "GET", target.url, headers=headers, timeout=target.timeout_s
        ) as answer:
            if answer.status_code != 200:
                raise ScrapeFailed(f"status {answer.status_code}")
            openmetrics = "openmetrics-text" in answer.headers.get("content-type", "")
            async for piece in answer.aiter_bytes(65_536):
                body += piece
                if len(body) > self._settings.scrape_bytes_max:
                    raise ScrapeFailed(f"more than {self._settings.scrape_bytes_max} bytes")
        bound = self._settings.scrape_samples_max
        found = parse(body.decode(), openmetrics=openmetrics, samples_max=bound)
        if found.cut:
            raise ScrapeFailed(f"more than {bound} samples")
        return found

    async def close(self) -> None:
        """Give the connections up."""
        await self._client.aclose()


def own_labels(target: Target) -> dict[str, str]:
    """Return the labels that all series of a target have."""
    return {"job": target.job, "instance": urlsplit(target.url).netloc.rpartition("@")[2]} | (
        target.labels
    )


def labelled(sample: Sample, own: Mapping[str, str]) -> Sample:
    """Return the sample with the target's labels; its own of the same name are renamed."""
    labels = {f"exported_{name}" if name in own else name: v for name, v in sample.labels.items()}
    return Sample(sample.name, sample.value, {**labels, **own}, sample.kind, sample.at_ms)
