"""One recorded case held against rnnscope: every file of it, outputs, layers, states and masks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rnnscope
from rnnscope.reference import Reference
from tests.parity.data import make_inputs
from tests.parity.description import Json, classes_in
from tests.parity.refused import is_expected

Array = NDArray[Any]

# |ours − Keras's| ≤ tolerance · max(1, |Keras's|); for 16 bits, four roundings of that type.
# Where a model's own noise floor is larger, so much more may be put down to it, and no more: a floor that has exploded
# would excuse anything.
MOST_NOISE = 30
TOLERANCES = {"float32": 1e-5, "float64": 1e-7, "float16": 4 * 2.0**-10, "bfloat16": 4 * 2.0**-7}
AGREES, SENSITIVE, REFUSED, WRONG = "agrees", "sensitive", "refused", "wrong"


@dataclass(frozen=True, slots=True)
class Difference:
    """One quantity that is not Keras's. kind: numbers, shape, type, missing, mask, error."""

    key: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one file. sensitive: quantities beyond the tolerance, yet within the model's own noise floor."""

    files: tuple[str, ...]
    result: str
    reason: str = ""
    differences: tuple[Difference, ...] = ()
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One case and the verdict on each of its files."""

    name: str
    oracle: str
    description: Json
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def worst(self) -> Verdict:
        order = [AGREES, SENSITIVE, REFUSED, WRONG]
        return max(self.verdicts, key=lambda verdict: order.index(verdict.result))

    @property
    def fails(self) -> bool:
        """Whether anything is wrong, or refused without being on the list of what may be."""
        return any(
            verdict.result == WRONG or (verdict.result == REFUSED and not is_expected(verdict.reason))
            for verdict in self.verdicts
        )

    def classes(self) -> set[str]:
        return set(classes_in(self.description["model"]))


def check_case(folder: Path) -> Outcome:
    """Every file of the case in this folder."""
    case = json.loads((folder / "case.json").read_text())
    description = case["description"]
    recorded = archive(folder / "keras.npz")
    verdicts = tuple(_check_file(folder, tuple(files), case, recorded) for files in case["files"])
    return Outcome(folder.name, description["oracle"], description, verdicts, tuple(case["notes"]))


def archive(path: Path) -> dict[str, Array]:
    with np.load(path) as stored:
        return dict(stored)


def _check_file(folder: Path, files: tuple[str, ...], case: Json, recorded: Mapping[str, Array]) -> Verdict:
    try:
        trace, second = run_file(folder, files, case)
    except rnnscope.Unsupported as error:
        return Verdict(files, REFUSED, str(error))
    except Exception as error:  # noqa: BLE001  whatever else happens to a file that Keras wrote is a mistake of ours
        found = Difference("", "error", f"{type(error).__name__}: {error}")
        return Verdict(files, WRONG, found.text, (found,))
    again = {key.removeprefix("second/"): value for key, value in recorded.items() if key.startswith("second/")}
    first = {key: value for key, value in recorded.items() if not key.startswith("second/")}
    compared = [Comparing(trace, first, case)] + ([Comparing(second, again, case, "second call, ")] if second else [])
    differences = [part for run in compared for part in run.differences()]
    sensitive = tuple(text for run in compared for text in run.sensitive)
    if differences:
        return Verdict(files, WRONG, differences[0].text, tuple(differences))
    return Verdict(files, SENSITIVE if sensitive else AGREES, sensitive=sensitive)


def run_file(folder: Path, files: tuple[str, ...], case: Json) -> tuple[rnnscope.Trace, rnnscope.Trace | None]:
    """The run on the recorded inputs, and the one that goes on from it where Keras was called twice."""
    # What the files do not say: archives name no backend, architectures in JSON no version either.
    options: dict[str, Any] = {} if files[0].endswith(".h5") else {"backend": case["backend"]}
    if len(files) > 1:
        options |= {"weights": folder / files[1], "keras_version": case["keras_version"]}
    model = rnnscope.load_model(folder / files[0], **options)
    trace = rnnscope.run(model, archive(folder / "inputs.npz"))
    if not case["stateful"]:
        return trace, None
    # Keras on JAX begins every call of predict from zeros.
    carry = None if case["backend"] == "jax" else trace
    return trace, rnnscope.run(model, make_inputs(case["description"], 1), carry=carry)


def tolerance(case: Json) -> float:
    policy = case["description"]["policy"].removeprefix("mixed_")
    return TOLERANCES[policy]


def difference(ours: Array, keras: Array, allowed: float) -> str:
    """What is wrong with our numbers, or nothing."""
    if ours.shape != keras.shape:
        return f"shape {ours.shape}, Keras {keras.shape}"
    if ours.dtype.kind != keras.dtype.kind:
        return f"type {ours.dtype}, Keras {keras.dtype}"
    if keras.dtype.kind in "bui":
        wrong = int(np.count_nonzero(ours != keras))
        return f"{wrong} of {keras.size} differ" if wrong else ""
    return _numbers(ours.astype(np.float64), keras.astype(np.float64), allowed)


def _numbers(ours: Array, keras: Array, allowed: float) -> str:
    with np.errstate(invalid="ignore"):
        alike = (ours == keras) | (np.isnan(ours) & np.isnan(keras))
        off = np.abs(ours - keras)
        beyond = ~alike & ~(off <= allowed * np.maximum(1.0, np.abs(keras)))
    if not beyond.any():
        return ""
    first = tuple(int(axis) for axis in np.argwhere(beyond)[0])
    largest = np.fmax.reduce(off[beyond], initial=0.0)
    return (
        f"{int(beyond.sum())} of {keras.size} differ, first at {list(first)}: ours {ours[first]:.7g}, "
        f"Keras {keras[first]:.7g}; largest {largest:.3g}"
    )


def _largest(floor: Array | None) -> float:
    return 0.0 if floor is None else float(np.max(floor))


class Comparing:
    """Every recorded quantity of one run, in the order of execution."""

    def __init__(self, trace: rnnscope.Trace, recorded: Mapping[str, Array], case: Json, when: str = "") -> None:
        self.trace, self.recorded, self.case, self.when = trace, recorded, case, when
        self.sensitive: list[str] = []

    def differences(self) -> Iterator[Difference]:
        order = {key: place for place, key in enumerate(self.trace.quantities())}
        found = [
            part for key in sorted(self.recorded, key=lambda key: order.get(key, len(order))) for part in self._one(key)
        ]
        yield from self._beyond_the_floor(found)
        if not self.when:
            yield from self._masks_of_our_own()

    def _one(self, key: str) -> Iterator[Difference]:
        keras = self.recorded[key]
        try:
            ours = self.trace.get(key)
        except (KeyError, IndexError):
            yield Difference(key, "missing", f"{key}: not computed by us, Keras has shape {keras.shape}")
            return
        if problem := difference(np.asarray(ours), keras, tolerance(self.case)):
            yield Difference(key, "numbers", f"{self.when}{key}: {problem}")

    def _beyond_the_floor(self, found: list[Difference]) -> list[Difference]:
        """Without those that rounding alone can make, in this model, by rnnscope's own measure."""
        if not found or any(part.kind != "numbers" for part in found):
            return found
        numbers = {key: array for key, array in self.recorded.items() if array.dtype.kind == "f"}
        comparison = rnnscope.compare(self.trace, Reference(numbers))
        left = []
        for part in found:
            row = comparison.row(part.key)
            # What is beyond its type's range is not compared: there one program has infinity and another has not.
            within = row is not None and row.verdict is not rnnscope.Verdict.DIFFERENT
            if row is not None and within and not self._far_off(part.key):
                self.sensitive.append(f"{part.text}; floor {_largest(row.floor):.3g}")
            else:
                left.append(part)
        return left

    def _far_off(self, key: str) -> bool:
        return bool(difference(np.asarray(self.trace.get(key)), self.recorded[key], MOST_NOISE * tolerance(self.case)))

    def _masks_of_our_own(self) -> Iterator[Difference]:
        """Masks that we use or pass on where Keras has none."""
        for key in self.case["watched"]:
            if key not in self.trace.layers:
                continue
            ours = self.trace[key]
            if ours.output_mask is not None and f"layer/{key}/output_mask" not in self.recorded:
                yield Difference(f"layer/{key}/output_mask", "mask", f"{key}: passes on a mask, Keras passes none")
            steps = any(name.startswith(f"layer/{key}/state/") for name in self.recorded)
            if steps and ours.mask is not None and f"layer/{key}/mask" not in self.recorded:
                yield Difference(f"layer/{key}/mask", "mask", f"{key}: uses a mask, Keras uses none")
