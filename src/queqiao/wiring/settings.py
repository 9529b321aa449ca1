"""The one settings file: read, checked whole, each error with its cure."""

import re
import tomllib
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Meta

from queqiao.collect.logs import settings as log_settings
from queqiao.collect.probes import settings as probe_settings
from queqiao.decide.ads.openrtb.rates import DEFAULT_RATES
from queqiao.decide.ads.openrtb.standing import BidderSettings
from queqiao.decide.ads.traffic import settings as traffic_settings
from queqiao.kernel.clock import MINUTE_US, zone_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.json import field_error
from queqiao.kernel.money import exponent
from queqiao.ports.compute import place as compute_place
from queqiao.ports.event_log.kafka.place import place_of
from queqiao.ports.lake import urls as lake_urls
from queqiao.process.contracts import Purpose, SessionRules, Storage
from queqiao.wiring.client_address import is_network

Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Server(msgspec.Struct, forbid_unknown_fields=True):
    """The one public port."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8400
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    header_timeout_s: Seconds = 10
    body_timeout_s: Seconds = 30
    public_url: str = ""
    trusted_proxies: list[str] = []


class Shop(msgspec.Struct, forbid_unknown_fields=True):
    """The shop that the system serves."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] = "鹊桥示范店"
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"


class Ports(msgspec.Struct, forbid_unknown_fields=True):
    """A URL per port; its scheme picks the adapter."""

    event_log: str = "file:log"
    warehouse: str = "chdb:warehouse"
    records: str = "sqlite:records.sqlite"
    ledger: str = "file:ledger"
    lake: str = "file:lake"
    lake_catalogue: str = ""
    compute: str = "embedded"
    profile_rows: str = "sqlite:profile_rows.sqlite"


class Warehouse(msgspec.Struct, forbid_unknown_fields=True):
    """Bounds of the in-process engine, and for how many days it keeps raw events (0: for ever)."""

    memory_mb_max: Annotated[int, Meta(ge=200, le=1_000_000)] = 320
    threads_max: Annotated[int, Meta(ge=1, le=64)] = 2
    raw_days: Annotated[int, Meta(ge=0, le=36_500)] = 400


class IntakeSettings(msgspec.Struct, forbid_unknown_fields=True):
    """How fast a source may send over HTTP (0: as fast as it can)."""

    events_per_source_per_s_max: Annotated[int, Meta(ge=0, le=10_000_000)] = 0


class ClockSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Who may say what time it is, and how long the machine's clock must differ to be followed."""

    accept_header: bool = False
    follow_after_s: Seconds = 300


class Schedule(msgspec.Struct, forbid_unknown_fields=True):
    """How often the scheduler's work is done, in seconds."""

    segments_every_s: Seconds = 5
    recommendations_every_s: Seconds = 60
    lake_every_s: Seconds = 3600


class PromotionSettings(msgspec.Struct, forbid_unknown_fields=True):
    """The shop's calculation profile, who gets no promotion at all, and what needs four eyes."""

    profile: Annotated[str, Meta(min_length=1, max_length=64)] = "standard"
    holdout_percent: Annotated[int, Meta(ge=0, le=50)] = 0
    floor_percent_of_cost: Annotated[int, Meta(ge=0, le=1_000)] = 0
    exposure_max_minor: Annotated[int, Meta(ge=0, le=10**15)] = 1_000_000
    points_daily_per_operator: Annotated[int, Meta(ge=0, le=10**12)] = 200_000
    credit_daily_minor_per_operator: Annotated[int, Meta(ge=0, le=10**12)] = 100_000


class AdsSettings(msgspec.Struct, forbid_unknown_fields=True):
    """What frequency caps may take, when an unseen ad no longer counts, how often pages may ask."""

    counters_mb_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_024
    unseen_after_minutes: Annotated[int, Meta(ge=0, le=1_440)] = 30
    asks_per_address_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] = 600


class OpenRtbSettings(msgspec.Struct, forbid_unknown_fields=True):
    """How campaigns bid in other exchanges; ``rates`` says what one unit of a currency is worth."""

    seat: Annotated[str, Meta(min_length=1, max_length=64)] = "queqiao"
    network_ms: Annotated[int, Meta(ge=0, le=1_000)] = 20
    tcf_vendor_id: Annotated[int, Meta(ge=0, le=65_535)] = 0
    rates: dict[str, Annotated[float, Meta(gt=0, le=1e9)]] = msgspec.field(default_factory=dict)

    def bidder(self) -> BidderSettings:
        """Return what the bidder goes by; without a table of rates, the one that we came with."""
        rates = self.rates or DEFAULT_RATES
        return BidderSettings(self.seat, self.network_ms, self.tcf_vendor_id, rates)


class EnrichmentSettings(msgspec.Struct, forbid_unknown_fields=True):
    """What is looked up of an event's address, and how much of the address is kept."""

    ip_database: str = ""
    ip_storage: Storage = "truncated"


class ConsentSettings(msgspec.Struct, forbid_unknown_fields=True):
    """What people allow who said nothing."""

    default: list[Purpose] = msgspec.field(
        default_factory=lambda: ["analytics", "personalization", "advertising"]
    )


class SessionSettings(msgspec.Struct, forbid_unknown_fields=True):
    """What ends a visit."""

    gap_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 30
    ends_at_midnight: bool = False
    ends_with_campaign: bool = False

    def rules(self) -> SessionRules:
        """Return what the loader goes by; the zone is the shop's."""
        return SessionRules(
            self.gap_minutes * MINUTE_US, self.ends_at_midnight, self.ends_with_campaign
        )


class Retention(msgspec.Struct, forbid_unknown_fields=True):
    """How long the records keep what only ever grows."""

    audit_days: Annotated[int, Meta(ge=1, le=36_500)] = 1_095
    deliveries_days: Annotated[int, Meta(ge=1, le=3_650)] = 30
    changes_rows: Annotated[int, Meta(ge=10_000, le=100_000_000)] = 100_000


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """Everything that an operator sets. ``home`` is where all state lies; it is not in the file."""

    home: Path = Path(".queqiao")
    server: Server = msgspec.field(default_factory=Server)
    shop: Shop = msgspec.field(default_factory=Shop)
    ports: Ports = msgspec.field(default_factory=Ports)
    intake: IntakeSettings = msgspec.field(default_factory=IntakeSettings)
    warehouse: Warehouse = msgspec.field(default_factory=Warehouse)
    clock: ClockSettings = msgspec.field(default_factory=ClockSettings)
    schedule: Schedule = msgspec.field(default_factory=Schedule)
    promotions: PromotionSettings = msgspec.field(default_factory=PromotionSettings)
    ads: AdsSettings = msgspec.field(default_factory=AdsSettings)
    openrtb: OpenRtbSettings = msgspec.field(default_factory=OpenRtbSettings)
    retention: Retention = msgspec.field(default_factory=Retention)
    enrichment: EnrichmentSettings = msgspec.field(default_factory=EnrichmentSettings)
    consent: ConsentSettings = msgspec.field(default_factory=ConsentSettings)
    sessions: SessionSettings = msgspec.field(default_factory=SessionSettings)
    logs: log_settings.LogSettings = msgspec.field(default_factory=log_settings.LogSettings)
    probes: probe_settings.ProbeSettings = msgspec.field(
        default_factory=probe_settings.ProbeSettings
    )
    traffic: traffic_settings.TrafficSettings = msgspec.field(
        default_factory=traffic_settings.TrafficSettings
    )

    def path_of(self, url: str) -> Path:
        """Return the file path in a ``file:``, ``chdb:`` or ``sqlite:`` URL, under home."""
        return self.home / urlsplit(url).path

    def rows_made_by(self) -> str:
        """Return a digest of the settings by which events become rows of the warehouse."""
        made_by = (
            self.shop.currency, self.shop.timezone, self.sessions, sorted(self.consent.default),
            self.enrichment,
        )  # fmt: skip
        return blake2b(msgspec.json.encode(made_by), digest_size=8).hexdigest()

    def ip_database(self) -> Path | None:
        """Return the database of addresses, under home when its path is relative; None: none."""
        named = self.enrichment.ip_database
        return self.home / named if named else None

    def socket(self, name: str) -> Path:
        """Return where a role's Unix socket lies."""
        return self.home / "run" / f"{name}.sock"


SCHEMES = {
    "event_log": ("file", "kafka"),
    "warehouse": ("chdb", "clickhouse", "clickhouses"),
    "records": ("sqlite", "postgresql"),
    "ledger": ("file", "redis", "rediss", "valkey", "valkeys"),
    "lake": ("file", "hdfs", "s3"),
    "profile_rows": ("sqlite", "hbase", "redis", "rediss", "valkey", "valkeys"),
}


def read(file: Path | None, home: Path) -> Settings:
    """Return the settings of a file (defaults without one).

    Raises InvalidInput that lists every error of the file, each with its cure.
    """
    table = _table(file) if file else {}
    problems: list[FieldError] = []
    sections: dict[str, Any] = {"home": home}
    kinds = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    for name, values in table.items():
        if name == "home" or name not in kinds:
            known = ", ".join(sorted(set(kinds) - {"home"}))
            message = Message(f"没有这一节；可用：{known}", f"no such section; there are: {known}")
            problems.append(FieldError(name, message))
        else:
            sections[name] = _section(name, values, kinds[name], problems)
    settings = Settings(**{name: value for name, value in sections.items() if value is not None})
    problems += beyond_types(settings)
    if problems:
        raise InvalidInput(*problems)
    return settings


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        message = Message(f"读不了配置文件：{error}", f"cannot read the settings file: {error}")
        raise InvalidInput(FieldError(str(file), message)) from error


def _section(name: str, values: Any, kind: Any, problems: list[FieldError]) -> Any:
    """Convert a section setting by setting, so that each error of it is found."""
    if not isinstance(values, dict):
        problems.append(FieldError(name, Message(f"应写成 [{name}] 一节", f"write [{name}]")))
        return None
    good = {}
    for key, value in values.items():
        try:
            msgspec.convert({key: value}, kind)
            good[key] = value
        except msgspec.ValidationError as error:
            found = field_error(error)
            problems.append(FieldError(f"{name}.{key}", found.message))
    return msgspec.convert(good, kind)


def beyond_types(settings: Settings) -> list[FieldError]:
    """Return what is wrong with settings and the types alone cannot say."""
    problems: list[FieldError] = []
    for port, schemes in SCHEMES.items():
        scheme = urlsplit(getattr(settings.ports, port)).scheme
        if scheme not in schemes:
            wanted = ", ".join(f"{known}:" for known in schemes)
            message = Message(f"应以 {wanted} 开头", f"must start with one of {wanted}")
            problems.append(FieldError(f"ports.{port}", message))
    for path, check in (
        ("shop.timezone", lambda: zone_of(settings.shop.timezone)),
        ("shop.currency", lambda: exponent(settings.shop.currency)),
    ):
        try:
            check()
        except InvalidInput as error:
            problems += [FieldError(path, field.message) for field in error.fields]
    if urlsplit(settings.ports.event_log).scheme == "kafka":
        try:
            place_of(settings.ports.event_log)
        except InvalidInput as error:
            problems += error.fields
    problems += lake_urls.problems(settings.ports.lake, settings.ports.lake_catalogue)
    problems += compute_place.problems(settings.ports.compute)
    problems += _rate_problems(settings.openrtb.rates)
    problems += _proxy_problems(settings.server.trusted_proxies)
    problems += log_settings.problems(settings.logs)
    problems += probe_settings.problems(settings.probes)
    problems += traffic_settings.problems(settings.traffic)
    return problems


_SECRET = re.compile(r"(?i)((?:^|[&?;])[^&=]*(?:password|passwd|secret|token|key)[^&=]*=)[^&]*")
"""A parameter of a URL whose value is nobody's business: ``sasl.password=…``."""


def redacted(url: str) -> str:
    """Return a URL with its passwords hidden, for print: that of the user, and of parameters."""
    parts = urlsplit(url)
    query = _SECRET.sub(r"\1***", parts.query)
    if parts.password is None and query == parts.query:
        return url
    person, at, host = parts.netloc.rpartition("@")
    name, colon, _ = person.partition(":")
    shown = f"{name}:***" if colon else name
    return urlunsplit(parts._replace(netloc=f"{shown}{at}{host}", query=query))


def _rate_problems(rates: dict[str, float]) -> list[FieldError]:
    """Return the names in the table of rates that are no currencies."""
    problems: list[FieldError] = []
    for code in rates:
        try:
            exponent(code)
        except InvalidInput as error:
            problems += [FieldError(f"openrtb.rates.{code}", error.fields[0].message)]
    return problems


def _proxy_problems(proxies: list[str]) -> list[FieldError]:
    message = Message("应为 IP 地址或网段，如 10.0.0.0/8", "give an address or network: 10.0.0.0/8")
    return [
        FieldError(f"server.trusted_proxies[{number}]", message)
        for number, proxy in enumerate(proxies)
        if not is_network(proxy)
    ]
