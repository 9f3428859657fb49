"""What is written about the commands is true and whole: their page, their help, and the schema of their JSON."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import jsonschema
import pytest

from rnnscope.cli import COMMANDS, main, parser
from rnnscope.cli.command import command_line

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "assets" / "example"
MODEL, INPUT, REFERENCE = (str(EXAMPLE / f"household{end}") for end in (".keras", ".npy", ".keras.npz"))
PORT = str(EXAMPLE / "wrong_port.npy")
PAGE = (ROOT / "docs" / "command-line.md").read_text("utf-8")
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8"))
COMMON = PAGE[PAGE.index("### How the model file is read") : PAGE.index("## rnnscope summary")]


def subparsers() -> dict[str, argparse.ArgumentParser]:
    (action,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


def section(command: str) -> str:
    start = PAGE.index(f"\n## rnnscope {command}\n")
    end = PAGE.find("\n## ", start + 1)
    return PAGE[start : end if end > 0 else None]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_has_every_option_of_every_command(command: str) -> None:
    text = section(command)
    for action in subparsers()[command]._actions:
        for name in action.option_strings or [str(action.metavar)]:
            if name not in ("-h", "--help"):
                assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text + COMMON), name


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_has_no_option_that_is_not_there(command: str) -> None:
    rows = [line for line in section(command).splitlines() if line.startswith("| `-")]
    known = set(subparsers()[command]._option_string_actions)
    assert {name for row in rows for name in re.findall(r"`(-[\w-]+)", row.split(" | ")[0])} <= known


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_says_what_it_does_how_it_ends_and_gives_an_example(command: str) -> None:
    text = subparsers()[command].format_help()
    assert "Exit codes: 0 " in text
    assert f"\n  rnnscope {command} " in text
    assert max(map(len, text.splitlines())) <= 120


def test_every_example_on_the_page_is_a_command_line_that_parses() -> None:
    examples = [line for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    ours = [line for line in examples if line.split()[:1] == ["rnnscope"] and line.split()[1] in COMMANDS]
    assert len(ours) > 8
    for line in ours:
        assert callable(parser().parse_args(line.split(" | ")[0].split()[1:]).command)


def written(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    main([*arguments, "--json", "-"])
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["summary", MODEL], "summary"),
        (["lens", MODEL, INPUT], "lens"),
        (["compare", MODEL, INPUT, REFERENCE], "comparison"),
        (["compare", MODEL, INPUT, REFERENCE, "--mine", PORT, "--atol", "0"], "comparison"),
        (["compare", MODEL, INPUT, "--mine", PORT, "--why"], "comparison"),
        (["diagnose", MODEL, INPUT, PORT], "diagnosis"),
    ],
)
def test_what_is_written_as_json_is_as_the_schema_says(
    arguments: list[str], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = written(arguments, capsys)
    assert (document["format"], document["version"], document["kind"]) == ("rnnscope-report", 1, kind)


def test_a_document_of_version_1_stays_one() -> None:
    jsonschema.validate(json.loads((Path(__file__).parent / "report-1.json").read_text("utf-8")), SCHEMA)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"model": "m.keras"}, "rnnscope summary m.keras"),
        ({"model": "m.keras", "mine": "p.npy"}, "rnnscope summary m.keras"),
        (
            {"model": "m.keras", "input": "x.npy", "ignore_masks": True, "sample": 0},
            "rnnscope run m.keras x.npy --ignore-masks --sample 0",
        ),
        (
            {
                "model": "my model.keras",
                "input": "-x.npy",
                "reference": "$HOME;k.npz",
                "layer": "-a",
                "quantity": "mask",
            },
            "rnnscope compare 'my model.keras' ./-x.npy '$HOME;k.npz' --layer=-a --quantity mask",
        ),
        (
            {"model": "m", "input": "x", "mine": "p", "weights": "w.h5", "run_code": ["a.py", "b.py"], "infer": True},
            "rnnscope compare m x --mine p --weights w.h5 --infer --run-code a.py --run-code b.py",
        ),
        ({"model": "m", "input": "x", "mine": "p", "why": True}, "rnnscope diagnose m x p"),
        (
            {"model": "m", "input": "x", "reference": "k", "mine": "p", "why": True, "atol": 1e-6, "backend": "jax"},
            "rnnscope compare m x k --mine p --why --backend jax --atol 1e-06",
        ),
    ],
)
def test_a_command_line_repeats_what_is_seen(arguments: dict[str, object], expected: str) -> None:
    line = command_line(**arguments)  # type: ignore[arg-type]
    assert line == expected


def test_a_command_line_is_read_back_as_it_was_meant() -> None:
    import shlex

    line = command_line("it's.keras", "-x", "a b", mine="--", weights="-w", layer="--x", keras_version="2.3.1")
    options = parser().parse_args(shlex.split(line)[1:])
    assert (options.model, options.input, options.reference) == ("it's.keras", "./-x", "a b")
    assert (options.mine, options.weights, options.layer, options.keras_version) == ("./--", "./-w", "--x", "2.3.1")
