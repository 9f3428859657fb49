from __future__ import annotations

import json

import pytest

from rnnscope.errors import UnreadableFile
from rnnscope.reading import json_text as module
from rnnscope.reading.json_text import parse_json
from tests.core.reading.crafted import FILE


def refused(text: str | bytes, match: str = "not usable") -> None:
    with pytest.raises(UnreadableFile, match=match) as caught:
        parse_json(text, FILE)
    assert str(caught.value).startswith(f"{FILE}: ")
    assert "\n" not in str(caught.value)


def test_plain_json_is_read() -> None:
    value = {"units": 4, "rate": -0.5, "name": "Größe 🙂", "none": None, "flag": True, "list": [[], {}]}
    assert parse_json(json.dumps(value), FILE) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode(), FILE) == value
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', FILE) == {"a": 1}


def test_booleans_and_whole_numbers_stay_apart() -> None:
    assert parse_json("[true, 1, 1.0]", FILE) == [True, 1, 1.0]
    assert [type(item) for item in parse_json("[true, 1, 1.0]", FILE)] == [bool, int, float]  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '[{"x": {"a": 1, "b": 2, "a": 1}}]'])
def test_a_key_that_stands_twice_is_refused(text: str) -> None:
    refused(text, "'a' stands twice")


def test_many_repeated_keys_are_found_quickly() -> None:
    keys = ", ".join(f'"k{number}": 0' for number in range(50_000))
    refused(f'{{{keys}, "k49999": 1}}', "'k49999' stands twice")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("text", ["{}", "[{}]", '{{"a": [{}]}}'])
def test_numbers_that_are_not_finite_are_refused(text: str, number: str) -> None:
    refused(text.format(number))


def test_a_number_of_too_many_digits_is_refused() -> None:
    assert parse_json("9" * 400, FILE) == int("9" * 400)
    refused("9" * 10_000)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_values_may_be_nested_so_far_and_no_further() -> None:
    parse_json(nested(module.MAX_DEPTH), FILE)
    refused(nested(module.MAX_DEPTH + 1), "too deeply")
    refused(nested(10_000), "too deeply")
    refused('{"a":' * 10_000 + "1" + "}" * 10_000, "too deeply")


def test_the_text_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHARACTERS", 10)
    assert parse_json('"12345678"', FILE) == "12345678"
    refused('"123456789"', "too large")


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a": }', "[1,]", "{'a': 1}", "nope", b"\xff\xfe{}", b'{"a": "\xff"}', '{"a": 1} {"b": 2}', "\0"],
)
def test_what_is_not_json_is_refused(text: str | bytes) -> None:
    refused(text)


def test_half_a_character_is_refused_in_values_and_keys() -> None:
    assert parse_json(r'"\ud83d\ude42"', FILE) == "🙂"
    refused(r'{"a": ["\ud800"]}', "half a character")
    refused(r'{"\udc00": 1}', "half a character")
