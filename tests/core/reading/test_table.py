from __future__ import annotations

import numpy as np
import pytest

from rnnscope.errors import BadInput
from rnnscope.reading import table as module
from rnnscope.reading.table import read_csv
from rnnscope.types import Array
from tests.core.reading.crafted import FILE, source


def table(text: str | bytes) -> Array:
    return read_csv(source(text if isinstance(text, bytes) else text.encode()))


def refused(text: str | bytes, match: str) -> None:
    with pytest.raises(BadInput, match=match) as caught:
        table(text)
    assert str(caught.value).startswith(f"{FILE}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "text",
    [
        "1,2.5\n-3,4e2\n",
        "1,2.5\n-3,4e2",
        "1,2.5\r\n-3,4e2\r\n",
        "a,b\n1,2.5\n-3,4e2\n",
        '"a, with comma",b\n1,2.5\n-3,4e2\n',
        "1;2.5\n-3;4e2\n",
        "1\t2.5\n-3\t4e2\n",
        '"1","2.5"\n"-3","4e2"\n',
        " 1 , 2.5 \n -3 , 4e2 \n",
        "\ufeff1,2.5\n-3,4e2\n",
        "\ufeffa,b\n1,2.5\n-3,4e2\n",
        "1,2.5\n\n-3,4e2\n\n",
    ],
    ids=["plain", "no end", "CRLF", "heading", "quoted heading", ";", "tab", "quotes", "spaces", "BOM", "both", "gaps"],
)
def test_a_table_of_numbers_is_read(text: str) -> None:
    np.testing.assert_array_equal(table(text), [[1, 2.5], [-3, 400]])


def test_one_column_and_one_number_are_tables_too() -> None:
    assert table("1\n2\n3\n").shape == (3, 1)
    assert table("7").tolist() == [[7.0]]


def test_nan_and_infinity_are_read_where_they_are_written_out() -> None:
    found = table("1,nan\ninf,-inf\n")
    np.testing.assert_array_equal(found, [[1, np.nan], [np.inf, -np.inf]])


@pytest.mark.parametrize("cell", ["", "NA", "null", "-", "1_000", "0x10", "=1+1", "１", "1e999"])
def test_other_ways_to_write_nothing_or_a_number_are_refused(cell: str) -> None:
    refused(f"1,2\n3,{cell}\n", "not a number")


@pytest.mark.parametrize("text", ["1;2,5\n3;4\n", '1,"2,5"\n3,4\n', "1,5;2,5\n3,5;4,5\n", "1,5\t2,5\n"])
def test_a_decimal_comma_is_recognised_and_said(text: str) -> None:
    refused(text, "point, not a comma")


def test_a_mistyped_first_number_is_not_taken_for_a_heading() -> None:
    refused("1O.5\n2\n", "line 1, column 1: not a number")


def test_a_wrong_cell_is_named_by_its_place() -> None:
    refused("1,2\n3,x\n", r"line 2, column 2\b.*'x'")
    refused("a,b\n1,2\n3,x\n", r"line 3, column 2\b.*'x'")


def test_rows_of_different_lengths_are_refused() -> None:
    refused("1,2\n3\n", "another number of columns.*; expected 2, found 1")
    refused("1,2\n3,4,5\n", "another number of columns")
    refused("a,b,c\n1,2\n", "another number of columns")


@pytest.mark.parametrize("text", ["a,b\n", "\n\n", " \n", "\ufeff"])
def test_a_table_without_numbers_is_refused(text: str) -> None:
    refused(text, "no numbers")


@pytest.mark.parametrize("text", [b"1,\xff\n", "1,ä\n".encode("latin1"), b"\xff\xfe1\x00,\x002\x00"])
def test_what_is_not_utf8_is_refused(text: bytes) -> None:
    refused(text, "UTF-8|not a table")


def test_zero_bytes_and_huge_fields_are_refused() -> None:
    refused("1,2\n3,\x004\n", ".")
    refused("1,2\n3," + "9" * 200_000 + "\n", ".")
    refused('1,2\n3,"' + "x" * 200_000, ".")


def test_bytes_rows_and_columns_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "1,2\n3,4\n"
    for name, limit in (("MAX_CSV_BYTES", len(text)), ("MAX_ROWS", 2), ("MAX_COLUMNS", 2)):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, limit)
            assert table(text).shape == (2, 2)
            patch.setattr(module, name, limit - 1)
            refused(text, "too large")
