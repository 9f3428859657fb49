"""Reports as files: JSON, JUnit and HTML, of files whose names are as hostile as names can be."""

from __future__ import annotations

import json
import struct
import xml.etree.ElementTree as ET
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope.cli import main
from rnnscope.mine import take_mine
from rnnscope.reference import Reference
from rnnscope.report.as_json import comparison_json, json_text, strict
from rnnscope.report.drawing import peaks, runs, ticks
from rnnscope.report.html import page
from rnnscope.report.junit import junit
from rnnscope.report.png import png, tinted
from rnnscope.report.record import File, Look, Report, hold_port, looked_at
from rnnscope.report.text import answer
from rnnscope.types import Array

EXAMPLE = Path(__file__).parents[2] / "assets" / "example"
MODEL, INPUT, REFERENCE = (str(EXAMPLE / f"household{end}") for end in (".keras", ".npy", ".keras.npz"))
HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\x00\u202e]]>&\"'"


@pytest.fixture(scope="module")
def trace() -> rnnscope.Trace:
    return rnnscope.run(rnnscope.load_model(MODEL), rnnscope.load_input(INPUT))


@pytest.fixture
def stored() -> dict[str, Array]:
    return dict(rnnscope.load_reference(REFERENCE).arrays)


def report_of(trace: rnnscope.Trace, stored: dict[str, Array], mine: object = None) -> Report:
    reference = Reference(stored, {}, HOSTILE)
    held = rnnscope.compare(trace, reference, atol=1e-4)
    port = None if mine is None else hold_port(trace, take_mine(mine, trace, HOSTILE), reference, atol=1e-4)
    files = (File("reference", HOSTILE, "0" * 64),)
    return Report(trace, files, reference, held, held.origins, port, command=f"run {HOSTILE}")


@pytest.fixture
def differing(trace: rnnscope.Trace, stored: dict[str, Array]) -> Report:
    state = stored["layer/rnn/state/h"].copy()
    state[25, 4:, 12] += 0.05
    return report_of(trace, stored | {"layer/rnn/state/h": state, f"layer/rnn/{HOSTILE}": np.zeros(3)})


def test_json_is_strict_and_has_every_row(differing: Report) -> None:
    text = json_text(comparison_json(differing))
    found = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    (held,) = found["comparisons"]
    assert len(held["rows"]) == len(differing.comparisons[0].rows)
    assert not found["matches"]
    assert held["first_difference"]["location"] == {
        "layer": "rnn",
        "quantity": "state/h",
        "sample": 25,
        "step": 4,
        "unit": 12,
    }
    numbers = held["first_difference"]["numbers"]
    assert numbers["keras"] - numbers["numpy"] == pytest.approx(0.05, rel=1e-4)
    assert text.isascii()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.nan, "NaN"), (np.inf, "Infinity"), (-np.inf, "-Infinity"), (np.float32(0.5), 0.5), (np.True_, True)],
)
def test_numbers_that_json_has_no_word_for_are_texts(value: object, expected: object) -> None:
    assert strict(value) == expected


def test_a_difference_that_is_no_number_is_json_all_the_same(trace: rnnscope.Trace, stored: dict[str, Array]) -> None:
    output = stored["output/0"].copy()
    output[3] = np.nan
    reference = Reference(stored | {"output/0": output}, {}, "")
    report = Report(trace, reference=reference, comparison=rnnscope.compare(trace, reference))
    found = json.loads(json_text(comparison_json(report)))
    (row,) = (row for row in found["comparisons"][0]["rows"] if row["key"] == "output/0")
    assert row["max_abs"] == "Infinity"
    assert found["comparisons"][0]["first_difference"]["numbers"]["keras"] == "NaN"


def test_junit_has_a_case_for_each_quantity(differing: Report) -> None:
    suites = ET.fromstring(junit(differing))
    (suite,) = suites
    cases = suite.findall("testcase")
    assert len(cases) == len(differing.comparisons[0].rows) == int(suite.attrib["tests"])
    failed = [case for case in cases if case.find("failure") is not None]
    assert [(case.get("classname"), case.get("name")) for case in failed] == [("rnn", "state/h")]
    failure = failed[0].find("failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("first difference of all: rnn state/h, sample 25, step 4, unit 12")
    assert int(suites.attrib["failures"]) == 1
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))


def test_junit_is_xml_whatever_names_hold(differing: Report) -> None:
    text = junit(differing)
    assert ET.fromstring(text).attrib["errors"] == "0"
    assert "onerror" in text
    assert not {"\x1b", "\x00", "\u202e"} & set(text)


class Seen(HTMLParser):
    """The elements and the attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_the_page_runs_nothing_and_fetches_nothing(differing: Report) -> None:
    text = page(differing)
    seen = Seen(text)
    assert not {"script", "link", "iframe", "img", "object"} & set(seen.tags)
    assert all(value is None or value.startswith("data:image/png") for name, value in seen.attributes if name == "href")
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name == "src"]
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert "://" not in text
    assert "&lt;img src=x" in text


def test_the_page_says_the_answer_before_anything_else(differing: Report) -> None:
    text = page(differing)
    answer = text.index("NumPy against Keras, 1 of 10 quantities beyond the rule")
    assert answer < text.index("rnn state/h, sample 25, step 4, unit 12") < text.index("<image")


def test_the_page_shows_mine_beside_the_others(trace: rnnscope.Trace, stored: dict[str, Array]) -> None:
    text = page(report_of(trace, stored, stored["output/0"] + 0.5))
    for title in ("<figcaption>NumPy<", "<figcaption>Keras<", "<figcaption>mine<", "<figcaption>mine − Keras<"):
        assert title in text


def test_every_report_says_where_the_difference_is_made(differing: Report) -> None:
    words = "made here: rnn adds 0.05 at step 4, unit 12, in state h (sample 25); nothing came in"
    assert f"Origin: {words}" in answer(differing)
    assert words in page(differing)
    found = json.loads(json_text(comparison_json(differing)))["comparisons"][0]["origins"]
    assert [(origin["location"]["layer"], origin["inherits"]) for origin in found] == [("rnn", False)]
    assert found[0]["added"] == pytest.approx(0.05, rel=1e-3)


def test_values_of_another_keras_are_told(trace: rnnscope.Trace, stored: dict[str, Array]) -> None:
    reference = Reference(stored | {"output/0": stored["output/0"] + 1}, {"backend": "jax", "keras_version": "3.9.0"})
    report = Report(trace, reference=reference, comparison=rnnscope.compare(trace, reference, atol=1e-3))
    (note,) = (line for line in answer(report) if line.startswith("Note: "))
    assert note.endswith("try --keras-version 3.9.0 --backend jax")


def test_masked_steps_are_hatched(differing: Report) -> None:
    assert 'class="hatched"' in page(differing)


def test_what_is_looked_at_can_be_chosen(differing: Report) -> None:
    from dataclasses import replace

    assert looked_at(differing) == ("layer/rnn/state/h", 25)
    assert looked_at(replace(differing, look=Look("dense1", "", 3))) == ("layer/dense1/output/0", 3)
    assert looked_at(replace(differing, look=Look("", "output/0", None))) == ("output/0", 0)
    with pytest.raises(rnnscope.BadInput, match=r"no layer 'dense'.*Is it 'dense1'\?"):
        looked_at(replace(differing, look=Look("dense")))
    with pytest.raises(rnnscope.BadInput, match="no quantity 'gate/i'; expected one of state/h"):
        looked_at(replace(differing, look=Look("rnn", "gate/i")))
    with pytest.raises(rnnscope.BadInput, match="no such sample; expected 0 to 63, found 64"):
        looked_at(replace(differing, look=Look(sample=64)))


def test_a_port_is_held_against_keras_too(trace: rnnscope.Trace, stored: dict[str, Array]) -> None:
    exact = hold_port(trace, take_mine(stored["output/0"], trace), Reference(stored, {}, ""))
    assert exact.keras is not None
    assert exact.keras.verdict is rnnscope.Verdict.SAME
    assert exact.run.verdict is rnnscope.Verdict.ROUNDING
    state = {"layer/rnn/state/h": np.asarray(trace["rnn"].states["h"])}
    assert hold_port(trace, take_mine(state, trace), Reference({"output/0": stored["output/0"]}, {}, "")).keras is None
    short = state["layer/rnn/state/h"][:, 1:]  # mine and Keras's alike, and not as the run's
    both = {"layer/rnn/state/h": short, "output/0": stored["output/0"]}
    port = hold_port(trace, take_mine(both, trace), Reference(both, {}, ""))
    assert port.keras is not None
    assert [row.key for row in port.keras.rows if row.verdict is rnnscope.Verdict.SAME] == ["output/0"]
    with pytest.raises(rnnscope.BadInput, match="fit nothing that the run computes"):
        hold_port(trace, take_mine(np.zeros((64, 7)), trace), None)


def test_a_picture_is_a_png_with_the_colours_of_its_numbers() -> None:
    picture = tinted(np.array([[1.0, -0.5, 0.0], [np.nan, np.inf, -4.0]]), 2.0)
    data = png(picture)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (3, 2)
    length = struct.unpack(">I", data[33:37])[0]
    rows = np.frombuffer(zlib.decompress(data[41 : 41 + length]), np.uint8).reshape(2, 13)
    np.testing.assert_array_equal(rows[:, 1:].reshape(2, 3, 4), picture)
    assert picture[0, :, 3].tolist() == [128, 64, 0]
    assert picture[1, :, 3].tolist() == [255, 255, 255]
    assert picture[1, 0].tolist() == picture[1, 1].tolist() != picture[1, 2].tolist()


def test_a_spike_of_one_step_stays_in_the_line_and_long_masks_stay_few() -> None:
    line = np.zeros(100_000)
    line[54_321] = -3.0
    places, numbers = peaks(line)
    assert len(places) == len(numbers) <= 600
    assert numbers.min() == -3.0
    assert runs(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert len(runs(np.arange(100_000) % 2 == 0)) <= 220
    assert ticks(64, 6) == [0, 20, 40, 60]
    assert ticks(1, 6) == [0]


def test_every_file_is_written_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("json", "html", "junit"):
        target = tmp_path / f"report.{kind}"
        assert main(["compare", MODEL, INPUT, REFERENCE, f"--{kind}", str(target)]) == 0
        assert target.stat().st_size > 1000
        assert main(["compare", MODEL, INPUT, REFERENCE, f"--{kind}", str(tmp_path / "no" / "x")]) == 2
        assert "No such file or directory" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json", "report.junit"]
