"""From the settings to the lake: what is wrong is named, and what is not installed has its cure."""

import builtins
from pathlib import Path

import pytest

from queqiao.kernel.errors import InvalidInput, Unavailable
from queqiao.wiring import doctor_lake, lakes
from queqiao.wiring.settings import Settings, read


def _settings(tmp_path: Path, *lines: str) -> Settings:
    file = tmp_path / "queqiao.toml"
    file.write_text("\n".join(["[ports]", *lines]))
    return read(file, tmp_path)


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ('lake = "hdfs://host:8020"', "hdfs://host:port/folder"),
        ('lake = "hdfs:///folder"', "hdfs://host:port/folder"),
        ('lake = "hdfs://host:port/folder"', "hdfs://host:port/folder"),
        ('lake = "s3:///prefix"', "s3://key:secret@bucket/prefix"),
        ('lake = "s3://key@bucket/prefix"', "s3://key:secret@bucket/prefix"),
        ('lake = "webhdfs://host/x"', "must start with one of file:, hdfs:, s3:"),
        ('lake_catalogue = "thrift://host"', "thrift://host:9083/database"),
        ('lake_catalogue = "hive2://host/x"', "thrift://host:9083/database"),
    ],
)
def test_a_wrong_url_names_the_setting_and_the_cure(tmp_path, line: str, cure: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _settings(tmp_path, line)
    (problem,) = refused.value.fields
    assert problem.path == f"ports.{line.partition(' ')[0]}"
    assert cure in problem.message.en


@pytest.mark.parametrize(
    ("line", "module", "extra"),
    [
        ('lake = "hdfs://host/x"', "hdfs_native", "hdfs"),
        ('lake = "s3://bucket/x"', "obstore", "s3"),
        ('lake_catalogue = "thrift://host/x"', "thriftpy2", "hive"),
    ],
)
def test_a_client_that_is_not_installed_names_what_to_install(
    tmp_path, monkeypatch: pytest.MonkeyPatch, line: str, module: str, extra: str
) -> None:
    settings = _settings(tmp_path, line)
    real = builtins.__import__

    def without(name: str, *rest, **named):
        if name.partition(".")[0] == module or name == f"queqiao.ports.lake.{extra}":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InvalidInput, match=rf"pip install 'queqiao\[{extra}\]'"):
        lakes.lake(settings)


def test_a_lake_that_does_not_answer_is_told_with_its_setting(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    for line in ("hdfs://127.0.0.1:9/x", "s3://k:s@b/x?endpoint=http://127.0.0.1:9"):
        with pytest.raises(Unavailable, match=r"\[ports\] lake"):
            doctor_lake.lake(_settings(tmp_path, f'lake = "{line}"'))


def test_no_catalogue_is_no_fault(tmp_path) -> None:
    assert doctor_lake.catalogue(_settings(tmp_path)).en == "none is named"
    away = _settings(tmp_path, 'lake_catalogue = "thrift://127.0.0.1:9/x"')
    with pytest.raises(Unavailable, match=r"\[ports\] lake_catalogue"):
        doctor_lake.catalogue(away)
