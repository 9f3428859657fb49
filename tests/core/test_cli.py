from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import rnnscope
from rnnscope.cli import main
from tests.conftest import GOLDEN

EXAMPLE = Path(__file__).parents[2] / "assets" / "example"
MODEL, INPUT, REFERENCE = (str(EXAMPLE / f"household{end}") for end in (".keras", ".npy", ".keras.npz"))

SENTENCES, OTHERS = str(EXAMPLE / "sentences.npy"), str(EXAMPLE / "sentences.keras.npz")


def test_summary_prints_keras_s_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", MODEL]) == 0
    printed = capsys.readouterr().out
    assert "\nrnn (SimpleRNN)  " in printed
    assert "Total params: 13,249 (51.75 KB)" in printed
    assert "Read as: Keras 3.15.1 on tensorflow" in printed


def test_compare_matches_and_begins_with_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", MODEL, INPUT, REFERENCE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "≈ rounding: NumPy against Keras, 10 quantities compared, none beyond the rule"
    assert any(line.split()[:4] == ["≈", "rounding", "rnn", "state/h"] for line in lines)
    assert "Rule: |difference| ≤ 8·drift + 4·u·max|value|, u = 1.19e-07" in lines


def test_compare_names_the_first_difference_and_exits_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with np.load(REFERENCE) as stored:
        arrays = dict(stored)
    arrays["layer/rnn/state/h"][25, 4:, 12] += 0.05
    changed = tmp_path / "changed.npz"
    np.savez(changed, **arrays)
    assert main(["compare", MODEL, INPUT, str(changed)]) == 1
    printed = capsys.readouterr().out
    assert "First difference: rnn state/h, sample 25, step 4, unit 12" in printed
    assert printed.startswith("≠ different: NumPy against Keras, 1 of 10 quantities beyond the rule\n")


def test_the_wrong_port_differs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", MODEL, INPUT, str(EXAMPLE / "wrong_port.npy")]) == 1
    assert "First difference: model output/0" in capsys.readouterr().out


def test_a_fixed_rule_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", MODEL, INPUT, REFERENCE, "--atol", "0"]) == 1
    assert main(["compare", MODEL, INPUT, REFERENCE, "--atol", "1e-5"]) == 0
    assert "Rule: |difference| ≤ 1e-05 + 0·|keras|" in capsys.readouterr().out


def test_run_prints_the_outputs_or_saves_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", MODEL, INPUT]) == 0
    assert capsys.readouterr().out.startswith("denseoutput (64, 1)\n")
    saved = tmp_path / "trace.h5"
    assert main(["run", MODEL, INPUT, "-o", str(saved)]) == 0
    trace = rnnscope.load_trace(saved)
    assert trace["rnn"].states["h"].shape == (64, 10, 64)
    assert main(["compare", MODEL, INPUT, str(saved)]) == 0


def test_ignoring_masks_gives_other_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", MODEL, INPUT])
    masked = capsys.readouterr().out
    main(["run", MODEL, INPUT, "--ignore-masks"])
    assert capsys.readouterr().out != masked


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["summary", "none.keras"], "none.keras: there is no such file"),
        (["summary", INPUT], "household.npy: not a Keras model but arrays. The order is MODEL INPUT REFERENCE"),
        (["run", MODEL, SENTENCES], "sentences.npy: layer 'main_input': the input has the wrong shape"),
        (["run", MODEL, MODEL], "household.keras: this is a Keras model, not arrays"),
        (["compare", MODEL, INPUT, OTHERS], "belong to another input; expected 64 samples"),
        (["compare", MODEL, INPUT, MODEL], "household.keras: this is a Keras model, not arrays"),
        (
            ["compare", MODEL, INPUT, REFERENCE, "--atol", "-1"],
            "atol is not a tolerance; expected a number from 0 on, found -1",
        ),
        (["run", MODEL, INPUT, "-o", "/nowhere/trace.h5"], "cannot write the trace"),
    ],
)
def test_a_bad_file_is_one_line_and_exit_code_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("rnnscope: ")
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_values_recorded_with_another_input_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.npy"
    np.save(other, np.load(INPUT) + np.float32(0.25))
    assert main(["compare", MODEL, str(other), REFERENCE]) == 2
    assert "household.keras.npz: The stored values were recorded with another input" in capsys.readouterr().err


def test_values_recorded_with_another_model_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import h5py

    other = tmp_path / "other.h5"
    shutil.copy(EXAMPLE / "household.h5", other)
    with h5py.File(other, "r+") as file:
        bias = next(path for path in _datasets(file) if path.endswith("simple_rnn_cell/bias"))
        file[bias][0] += 0.5
    assert main(["compare", str(other), INPUT, REFERENCE]) == 1
    printed = capsys.readouterr().out
    assert "recorded with another model file (household.keras)" in printed
    assert "First difference: rnn state/h" in printed


def test_a_step_of_what_has_no_steps_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", MODEL, INPUT, "--step", "3"]) == 2
    assert "output/0 of the model has no steps; found --step 3" in capsys.readouterr().err


def test_the_headless_half_brings_no_qt() -> None:
    code = (
        "import sys; from rnnscope.cli import main; main(['summary', sys.argv[1]]);"
        "assert not any(name.startswith(('PySide6', 'pyqtgraph', 'rnnscope_gui')) for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, MODEL], check=True, capture_output=True)


def _datasets(file: object) -> list[str]:
    found: list[str] = []
    file.visit(found.append)  # type: ignore[attr-defined]
    return found


def test_the_lens_prints_a_line_for_each_other_reading(capsys: pytest.CaptureFixture[str]) -> None:
    case = GOLDEN / "lstm_unrolled_zero_output"
    assert main(["lens", f"{case}.keras", f"{case}.input.npz"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Read as Keras 3.15.1 on tensorflow:"
    jax = next(line for line in lines if "on jax" in line)
    assert jax.startswith("≠ Keras 3.15.1 on jax")
    assert "outputs move by" in jax
    assert "begins at lstm (output/0, " in jax
    assert any(line.startswith("✓ Keras 3.3.3 on tensorflow") and "nothing moves" in line for line in lines)


def two_files(folder: Path) -> tuple[str, str]:
    """The example as an architecture in JSON and an HDF5 file of weights alone."""
    with h5py.File(EXAMPLE / "household.h5") as model, h5py.File(folder / "w.h5", "w") as weights:
        (folder / "m.json").write_text(model.attrs["model_config"])
        weights.attrs.update(model["model_weights"].attrs)
        for name in model["model_weights"]:
            model.copy(f"model_weights/{name}", weights)
    return str(folder / "m.json"), str(folder / "w.h5")


def test_every_command_takes_an_architecture_with_its_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    architecture, weights = two_files(tmp_path)
    assert main(["summary", architecture, "--weights", weights]) == 0
    assert "Total params: 13,249" in capsys.readouterr().out
    assert main(["compare", architecture, INPUT, REFERENCE, "--weights", weights]) == 0
    assert main(["summary", architecture]) == 2
    assert "--weights FILE" in capsys.readouterr().err


def test_weights_alone_are_offered_to_be_inferred(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, weights = two_files(tmp_path)
    assert main(["summary", weights]) == 2
    assert "SimpleRNN(64), Dense(64), Dense(1)" in capsys.readouterr().err
    assert main(["summary", weights, "--infer"]) == 0
    assert "is inferred from their shapes" in capsys.readouterr().out


def test_what_cannot_be_run_names_the_model_and_not_the_input(capsys: pytest.CaptureFixture[str]) -> None:
    golden = Path(__file__).parents[1] / "golden" / "lambda_that_changes_nothing"
    assert main(["run", f"{golden}.keras", f"{golden}.input.npz"]) == 2
    assert capsys.readouterr().err.startswith("rnnscope: lambda_that_changes_nothing.keras: layer 'lambda': ")


PORT = str(EXAMPLE / "wrong_port.npy")


def test_a_port_is_held_against_the_run_and_against_keras(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", MODEL, INPUT, REFERENCE, "--mine", PORT]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("≈ rounding: NumPy against Keras")
    assert "≠ different: mine against NumPy, 1 of 1 quantity beyond the rule" in printed
    assert "≠ different: mine against Keras" in printed
    assert "Mine: wrong_port.npy: (64, 1) is taken for the output denseoutput" in printed
    assert printed.splitlines()[-1] == f"Why? rnnscope diagnose {MODEL} {INPUT} {PORT}"


def test_a_port_can_be_compared_without_stored_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", MODEL, INPUT, "--mine", PORT, "--why"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("≠ different: mine against NumPy")
    assert "≠ initial-state-ones: this turns the model into your numbers" in printed
    right = tmp_path / "right.npy"
    np.save(right, rnnscope.load_reference(REFERENCE).arrays["output/0"])
    assert main(["compare", MODEL, INPUT, "--mine", str(right)]) == 0
    assert "Why?" not in capsys.readouterr().out


def test_one_sample_and_one_layer_can_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", MODEL, INPUT, REFERENCE, "--layer", "rnn", "--quantity", "state/h", "--sample", "3"]) == 0
    printed = capsys.readouterr().out
    assert "\nSample 3: rnn state/h: NumPy against Keras ≈ rounding, max |difference| " in printed
    assert [line.split()[2:4] for line in printed.splitlines() if line[:1] in "✓≈" and "e-0" in line][1:] == []
    assert main(["run", MODEL, INPUT, "--layer", "rnn", "--quantity", "state/h", "--sample", "3"]) == 0
    assert capsys.readouterr().out.startswith("layer/rnn/state/h, sample 3 (10, 64)\n")


def test_explain_takes_a_number_apart(capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--layer", "rnn", "--quantity", "state/h", "--sample", "25", "--step", "6", "--unit", "12"]
    assert main(["explain", MODEL, INPUT, *place, "--reference", REFERENCE, "--terms", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "h[6, 12] = −0.7924, Keras −0.7924 (rnn state/h, sample 25, step 6, unit 12)"
    assert lines[1].startswith("  Frozen at step 6, value from step 5")
    assert "    h = tanh(x·W + h·U + b)" in lines
    assert any(line.endswith("the other 138 together") for line in lines)


def test_explain_takes_the_last_step_of_the_first_quantity(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", MODEL, INPUT, "--layer", "rnn", "--sample", "3"]) == 0
    assert "(rnn state/h, sample 3, step 9, unit 0)" in capsys.readouterr().out


def test_explain_puts_one_s_own_output_beside_the_model_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", MODEL, INPUT, "--mine", str(EXAMPLE / "wrong_port.npy")]) == 0
    assert re.match(r"denseoutput\[0\] = .*, mine −?[\d.]+ \(", capsys.readouterr().out)


def test_explain_of_what_is_not_there_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", MODEL, INPUT, "--layer", "rnn", "--sample", "64"]) == 2
    assert "no such sample; expected 0 to 63, found 64" in capsys.readouterr().err


def test_lint_names_what_is_probably_not_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", MODEL, INPUT]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("warning: masking: 12 steps of 4 samples are −99 in some of their features only")
    assert lines[0].endswith("[partly-masked]")
    assert lines[1] == "    where: sample 3 step 1, sample 3 step 2, sample 3 step 3 and 9 more"


def test_lint_is_quiet_about_masks_that_are_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "one.npy", np.load(INPUT)[:1])
    assert main(["lint", MODEL, str(tmp_path / "one.npy")]) == 0
    assert capsys.readouterr().out == "Nothing to remark on the masks of this model and this input.\n"
