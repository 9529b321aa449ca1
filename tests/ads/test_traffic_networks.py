"""Networks by the longest prefix, and the files that clouds publish."""

import json
import os
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from queqiao.decide.ads.traffic import range_files
from queqiao.decide.ads.traffic.data_centres import DataCentres
from queqiao.decide.ads.traffic.networks import Named, Networks

PUBLISHED = {
    "aws.json": {
        "syncToken": "1",
        "prefixes": [
            {"ip_prefix": "198.51.100.0/24", "region": "cn-north-1", "service": "EC2"},
            {"ip_prefix": "no network", "service": "EC2"},
        ],
        "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:1::/48", "region": "x", "service": "S3"}],
    },
    "google.json": {
        "prefixes": [
            {"ipv4Prefix": "192.0.2.0/25", "service": "Google Cloud", "scope": "asia-east1"},
            {"ipv6Prefix": "2001:db8:2::/48"},
        ]
    },
    "azure.json": {
        "values": [
            {"name": "AzureCloud", "properties": {"addressPrefixes": ["203.0.113.0/28"]}},
            {"name": "odd", "properties": None},
        ]
    },
    "oracle.json": {"regions": [{"region": "ap", "cidrs": [{"cidr": "203.0.113.128/25"}]}]},
}


@pytest.fixture
def folder(tmp_path):
    for name, content in PUBLISHED.items():
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "small-cloud.txt").write_text("# ours\n100.64.0.0/10,CN,,\n\n100.64.9.9 # one\n")
    (tmp_path / "people-office.txt").write_text("198.51.100.7\n")
    (tmp_path / ".hidden").write_text("0.0.0.0/0")
    (tmp_path / "broken.json").write_text("{")
    return tmp_path


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("198.51.100.1", "EC2 cn-north-1"),
        ("198.51.100.7", ""),
        ("198.51.101.1", ""),
        ("2001:db8:1::5", "S3 x"),
        ("192.0.2.1", "Google Cloud asia-east1"),
        ("192.0.2.129", ""),
        ("::ffff:192.0.2.1", "Google Cloud asia-east1"),
        ("2001:db8:2:ff::", "google"),
        ("203.0.113.15", "Azure AzureCloud"),
        ("203.0.113.16", ""),
        ("203.0.113.200", "Oracle ap"),
        ("100.127.255.255", "small-cloud"),
        ("no address", ""),
        ("", ""),
        ("1.2.3", ""),
    ],
)
def test_the_published_forms_are_read(folder, address, name):
    centres = DataCentres(folder)
    assert centres.name_of(address) == ""
    centres.refresh()
    assert centres.name_of(address) == name
    assert centres.sources == ["ranges"]


def test_a_changed_folder_is_read_again_and_an_absent_one_judges_nobody(folder):
    centres = DataCentres(folder)
    centres.refresh()
    (folder / "new.txt").write_text("8.8.8.0/24")
    centres.refresh()
    assert centres.name_of("8.8.8.8") == "new"
    for file in folder.iterdir():
        file.unlink()
    centres.refresh()
    assert centres.sources == []
    assert centres.name_of("8.8.8.8") == ""
    absent = DataCentres(folder / "absent", folder / "absent.mmdb")
    absent.refresh()
    assert absent.sources == []


def test_a_hosting_database_says_whose_an_address_is(folder):
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-Anonymous-IP")
    for network, said in {
        "8.8.0.0/24": {"is_hosting_provider": True, "isp": "Big Racks"},
        "8.8.1.0/24": {"traits": {"user_type": "hosting"}},
        "8.8.2.0/24": {"is_hosting_provider": False, "traits": {"user_type": "residential"}},
        "8.8.3.0/24": {"is_hosting": True, "isp": 7},
        "198.51.100.0/24": {"is_hosting_provider": True},
    }.items():
        writer.insert_network(IPSet([network]), said)
    writer.to_db_file(str(folder / "hosting.mmdb"))
    centres = DataCentres(None, folder / "hosting.mmdb")
    assert centres.sources == ["database"]
    asked = ("8.8.0.1", "8.8.1.1", "8.8.2.1", "8.8.3.1", "8.8.4.1", "no address")
    assert [centres.name_of(one) for one in asked] == [
        "Big Racks",
        "hosting",
        "",
        "hosting",
        "",
        "",
    ]
    (folder / "ranges").mkdir()
    (folder / "ranges" / "people.txt").write_text("198.51.100.7")
    both = DataCentres(folder / "ranges", folder / "hosting.mmdb")
    both.refresh()
    assert both.sources == ["ranges", "database"]
    assert (both.name_of("198.51.100.7"), both.name_of("198.51.100.8")) == ("", "hosting")


def test_what_is_beyond_the_bounds_is_left_out(folder, monkeypatch):
    monkeypatch.setattr(range_files, "NETWORKS_MAX", 3)
    assert range_files.read_folder(folder).size == 3
    monkeypatch.setattr(range_files, "FILE_BYTES_MAX", 10)
    assert range_files.read_folder(folder).size == 0
    os.truncate(folder / "aws.json", 0)
    assert range_files.read_folder(folder).size == 0


prefixes = st.builds(
    lambda number, length: ip_network((number << 24, length), strict=False),
    st.integers(0, 255),
    st.integers(0, 32),
) | st.builds(
    lambda number, length: ip_network((number << 120, length), strict=False),
    st.integers(0, 255),
    st.integers(0, 12),
)
addresses = st.integers(0, 2**32 - 1).map(ip_address) | st.integers(2**120, 2**128 - 1).map(
    ip_address
)


@given(st.lists(prefixes, max_size=30, unique=True), st.lists(addresses, min_size=1, max_size=30))
def test_the_longest_prefix_that_holds_an_address_names_it(networks, asked):
    found = Networks(Named(network, str(network)) for network in networks)
    edges = [network[0] for network in networks] + [network[-1] for network in networks]
    for address in [*asked, *edges]:
        if address.version == 6 and address.ipv4_mapped:
            continue
        holding = [network for network in networks if address in network]
        longest = max(holding, key=lambda network: network.prefixlen, default=None)
        assert found.name_of(str(address)) == ("" if longest is None else str(longest))


@given(st.text())
def test_no_text_is_an_error(text):
    assert Networks([Named(ip_network("10.0.0.0/8"), "ten")]).name_of(text) in {"", "ten"}
