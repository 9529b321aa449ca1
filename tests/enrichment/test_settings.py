"""What an operator sets: the database of addresses, told by the doctor, and the default consent."""

from pathlib import Path

import pytest
from tests.enrichment.test_enrichment import database

from queqiao.kernel.errors import InvalidInput
from queqiao.wiring import adapters, addresses
from queqiao.wiring.doctor import CHECKS
from queqiao.wiring.doctor_machine import UnfitError
from queqiao.wiring.settings import Settings, read


def settings(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "queqiao.toml"
    file.write_text(text, encoding="utf-8")
    return read(file, tmp_path)


def test_without_a_database_of_addresses_that_is_said(tmp_path) -> None:
    known = Settings(home=tmp_path)
    assert addresses.state(known) == "absent"
    assert "ip_database" in CHECKS["addresses"](known).en


def test_a_database_of_addresses_is_found_under_the_home(tmp_path) -> None:
    database(tmp_path)
    known = settings(tmp_path, '[enrichment]\nip_database = "regions.mmdb"\n')
    assert addresses.state(known) == "ready"
    assert "Test-City" in CHECKS["addresses"](known).en


def test_what_is_no_database_of_addresses_is_told_with_its_cure(tmp_path) -> None:
    known = settings(tmp_path, '[enrichment]\nip_database = "queqiao.toml"\n')
    assert addresses.state(known) == "unreadable"
    with pytest.raises(UnfitError) as unfit:
        CHECKS["addresses"](known)
    assert "MaxMind" in unfit.value.cure.en


@pytest.mark.parametrize(("written", "mask"), [("[]", 0), ('["analytics", "advertising"]', 5)])
def test_the_default_of_those_who_said_nothing(tmp_path, written, mask) -> None:
    known = settings(tmp_path, f"[consent]\ndefault = {written}\n")
    assert adapters.enricher(known).default_consent == mask


def test_an_unknown_purpose_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(InvalidInput) as refused:
        settings(tmp_path, '[consent]\ndefault = ["everything"]\n')
    assert refused.value.fields[0].path == "consent.default"
