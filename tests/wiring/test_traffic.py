"""What the doctor says of data centres, and that the settings of traffic reach its judges."""

from pathlib import Path

import pytest

from queqiao.decide.ads.traffic.settings import TrafficSettings
from queqiao.wiring import traffic
from queqiao.wiring.doctor import CHECKS
from queqiao.wiring.doctor_machine import UnfitError
from queqiao.wiring.settings import Settings


def said(home: Path, **fields: object) -> str:
    settings = Settings(home=home, traffic=TrafficSettings(**fields))  # type: ignore[arg-type]
    return CHECKS["data_centres"](settings).en


def test_it_says_what_addresses_are_judged_by(tmp_path: Path) -> None:
    assert "no address is judged" in said(tmp_path)
    (tmp_path / "ranges").mkdir()
    with pytest.raises(UnfitError):
        said(tmp_path, ranges_folder="ranges")
    (tmp_path / "ranges" / "cloud.txt").write_text("198.51.100.0/24\n203.0.113.0/24\n")
    assert said(tmp_path, ranges_folder="ranges") == "judged by ranges: 2 ranges"
    (tmp_path / "hosting.mmdb").write_text("no database")
    with pytest.raises(UnfitError):
        said(tmp_path, ranges_folder="ranges", hosting_database="hosting.mmdb")


def test_the_settings_reach_the_judges(tmp_path: Path) -> None:
    fields = {"own_networks": ["10.0.0.0/8"], "own_agents": ["MyShop/"], "clicks_per_person": 7}
    settings = Settings(home=tmp_path, traffic=TrafficSettings(**fields))  # type: ignore[arg-type]
    judges = traffic.callers(settings)
    assert judges.is_own("10.1.2.3")
    assert not judges.is_own("127.0.0.1")
    assert judges.judge("MyShop/1 okhttp/4", "192.0.2.1").valid
    assert judges.judge("okhttp/4", "192.0.2.1").reason == "declared_bot"
    assert judges.judge("okhttp/4", "10.1.2.3").valid
    assert traffic.bounds(settings.traffic).clicks["person"] == 7
