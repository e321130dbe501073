"""The settings file: places of its values, byte-order marks, and what is told of wrong names."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from csire_bridge.config.settings import load_settings
from csire_bridge.config.sources.toml_lines import lines_of
from csire_bridge.domain.errors import ConfigurationError

TEXT = """# a comment
database = "sqlite:///own.db"

[head_end]
url = "http://hes"
required_header = [
  # why
  "AckRequired",
]
codes = { disconnect = "1", events = { "3.31" = "connected" } }

[head_end.namespaces]
message = '''urn:a
[no.heading]'''

[[partners]]
eic = "A"
[[partners]]
  eic = "B"
[partners.of_it]
name = 1
"""


def test_given_a_settings_file_then_each_value_and_heading_has_its_line() -> None:
    values, headings = lines_of(TEXT)
    assert values == {
        ("database",): 2,
        ("head_end", "url"): 5,
        ("head_end", "required_header"): 6,
        ("head_end", "codes", "disconnect"): 10,
        ("head_end", "codes", "events", "3.31"): 10,
        ("head_end", "namespaces", "message"): 13,
        ("partners", 0, "eic"): 17,
        ("partners", 1, "eic"): 19,
        ("partners", 1, "of_it", "name"): 21,
    }
    assert headings == {
        ("head_end",): 4,
        ("head_end", "namespaces"): 12,
        ("partners", 0): 16,
        ("partners", 1): 18,
        ("partners", 1, "of_it"): 20,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[head_end]\n\nurll = 1\n",
            r"head_end\.urll: there is no such setting \(.*, line 3\) -> did you mean head_end\.url\?",
        ),
        ("[head_end.codes]\ndisconect = '1'\n", r"line 2\) -> did you mean head_end\.codes\.disconnect\?"),
        (
            "read_seconds = 1\n",
            r"did you mean head_end\.read_seconds or head_end\.system\.read_seconds or sid\.read_seconds\?",
        ),
        (
            "[[partners]]\neic = '10XPL-TSO------P'\nprofil = 'wss'\n",
            r"partners\.0\.profil: .*did you mean partners\.profile",
        ),
        ("[[partners]]\nrole = 'hub'\n", r"partners\.0\.eic: it is missing \(.*, line 1\)"),
        ("[web]\nport = 99999\n", r"web\.port: .*line 2\)"),
        ("nothing_like_it = 1\n", r"take it out"),
    ],
)
def test_given_a_wrong_name_or_value_in_the_file_then_its_line_and_the_nearest_name_are_told(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=told):
        load_settings(file, environment=False)


@pytest.mark.parametrize(("mark", "encoding"), [(codecs.BOM_UTF8, "utf-8"), (b"", "utf-16"), (b"", "utf-8")])
def test_given_a_byte_order_mark_then_the_settings_file_is_read_all_the_same(
    tmp_path: Path, mark: bytes, encoding: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(mark + 'delivery_folder = "zażółć"\r\n[web]\r\nport = 1\r\n'.encode(encoding))
    settings = load_settings(file, environment=False)
    assert (settings.delivery_folder.name, settings.web.port) == ("zażółć", 1)


def test_given_relative_paths_of_any_group_then_they_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        '[head_end]\nevent_user = "u"\nevent_password_file = "word"\nevent_certificates = ["a.pem"]\n'
        '[sid]\ncaller_certificates = ["b.pem"]\n[retention]\nevents_days = 1\narchive = "archive"\n'
    )
    settings = load_settings(file, environment=False)
    assert settings.head_end.event_password_file == tmp_path / "word"
    assert settings.head_end.event_certificates == (tmp_path / "a.pem",)
    assert settings.sid.caller_certificates == (tmp_path / "b.pem",)
    assert settings.retention.archive == tmp_path / "archive"
