"""A file that holds weights alone: the model that their shapes tell, where it is a plain recurrent stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.reading.architecture import Architecture
from rnnscope.reading.stores import Store

Shapes = tuple[tuple[int, ...], ...]

# The block of gates that each layer's kernels hold side by side.
GATES: Final = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
# Keras 1 kept W, U and b of each gate apart.
APART: Final = {12: "LSTM", 9: "GRU"}


@dataclass(frozen=True, slots=True)
class Guess:
    """One layer as its weights tell it: what it reads (0: indices), what it gives, and its configuration."""

    class_name: str
    features: int
    units: int
    options: Mapping[str, object]
    recurrent: bool = False

    def __str__(self) -> str:
        return f"{self.class_name}({self.units})"


def inferred_architecture(store: Store, file: str, notes: list[str], *, wanted: bool) -> Architecture:
    """The architecture of a weights-only file.

    wanted: whether the caller asked for it. When not, or when the weights leave a choice, the error says what to do;
    what was assumed goes into `notes`.
    """
    try:
        guesses = _chain(store.shapes())
    except Unsupported as error:
        raise UnreadableFile(
            "this file holds weights alone, not the model that they belong to",
            file=file,
            found=error.problem if wanted else None,
            advice=f"Give its architecture as JSON, from model.to_json(): load_model('model.json', weights='{file}')"
            ", or --weights on the command line",
        ) from None
    shown = ", ".join(map(str, guesses))
    if not wanted:
        raise UnreadableFile(
            "this file holds weights alone, not the model that they belong to",
            file=file,
            found=f"what looks like {shown}",
            advice=f"Give its architecture as JSON: load_model('model.json', weights='{file}'), or --weights on the "
            f"command line; or have that stack assumed: load_model('{file}', infer=True), or --infer",
        )
    notes.append(
        f"the file holds weights alone; {shown} is inferred from their shapes: activations are Keras's defaults,"
        " linear for Dense; only the last recurrent layer returns its last step alone; nothing is masked"
    )
    version, backend = store.origin()
    return Architecture({"class_name": "Sequential", "config": _config(guesses)}, version or _default(store), backend)


def inferred_stack(store: Store) -> str:
    """The layers that the weights tell, such as ``LSTM(32), Dense(1)``; Unsupported when they leave a choice."""
    return ", ".join(map(str, _chain(store.shapes())))


def _default(store: Store) -> str | None:
    return "3.15.1" if type(store).__name__ == "ArchiveStore" else None


def _chain(layers: Sequence[tuple[str, Shapes]]) -> list[Guess]:
    """The layers, each reading what the one before gives; Unsupported where shapes do not say so."""
    guesses = [_guess(name, shapes) for name, shapes in layers]
    if not guesses or not any(guess.recurrent for guess in guesses):
        raise Unsupported("no recurrent layer among them")
    for place, (one, other) in enumerate(pairwise(guesses)):
        if other.features != one.units or other.class_name == "Embedding":
            raise Unsupported(f"layer {place + 2} does not read what layer {place + 1} gives")
    return guesses


def _config(guesses: Sequence[Guess]) -> dict[str, object]:
    last = max(place for place, guess in enumerate(guesses) if guess.recurrent)
    first = guesses[0]
    shape = [None, None] if first.class_name == "Embedding" else [None, None, first.features]
    layers: list[object] = [{"class_name": "InputLayer", "config": {"name": "input_layer", "batch_shape": shape}}]
    for place, guess in enumerate(guesses):
        options = _with_sequences(guess.options, place < last) if guess.recurrent else dict(guess.options)
        layers.append({"class_name": guess.class_name, "config": options})
    return {"name": "inferred", "layers": layers}


def _with_sequences(options: Mapping[str, object], sequences: bool) -> dict[str, object]:
    inner = options.get("layer")
    if isinstance(inner, dict):
        return {**options, "layer": {**inner, "config": {**inner["config"], "return_sequences": sequences}}}
    return {**options, "return_sequences": sequences}


def _guess(name: str, shapes: Shapes) -> Guess:
    half = len(shapes) // 2
    if len(shapes) in (4, 6) and shapes[:half] == shapes[half:] and (inner := _recurrent(name, shapes[:half])):
        layer = {"class_name": inner.class_name, "config": {**inner.options, "name": f"{name}_inner"}}
        options = {"name": name, "layer": layer, "merge_mode": "concat"}
        return Guess("Bidirectional", inner.features, 2 * inner.units, options, recurrent=True)
    if recurrent := _recurrent(name, shapes):
        return recurrent
    match shapes:
        case ((rows, columns),) if "embed" in name.lower():
            return Guess("Embedding", 0, columns, {"name": name, "input_dim": rows, "output_dim": columns})
        case ((rows, columns), (bias,)) if bias == columns:
            return Guess("Dense", rows, columns, {"name": name, "units": columns})
        case ((units,), (_,), (_,), (_,)) if set(shapes) == {(units,)}:
            return Guess("BatchNormalization", units, units, {"name": name})
    raise Unsupported(f"the weights of '{name}' do not tell its class")


def _recurrent(name: str, shapes: Shapes) -> Guess | None:
    """A recurrent layer with a bias, or without where its kernels leave no choice."""
    if len(shapes) in APART:
        features, units = shapes[0] if len(shapes[0]) == 2 else (0, 0)
        whole = shapes == ((features, units), (units, units), (units,)) * (len(shapes) // 3)
        return _recurrent_guess(APART[len(shapes)], name, features, units, True) if whole else None
    if len(shapes) not in (2, 3) or not all(len(shape) == 2 for shape in shapes[:2]):
        return None
    (features, columns), (units, hidden) = shapes[:2]
    kind = next((kind for kind, gates in GATES.items() if columns == hidden == gates * units), None)
    if kind is None:
        return None
    if len(shapes) == 2:
        return _recurrent_guess(kind, name, features, units, False)
    bias = shapes[2]
    if bias == (columns,):
        return _recurrent_guess(kind, name, features, units, True, reset_after=False)
    if kind == "GRU" and bias == (2, columns):
        return _recurrent_guess(kind, name, features, units, True, reset_after=True)
    cudnn = kind != "SimpleRNN" and bias == (2 * columns,)
    return _recurrent_guess(f"CuDNN{kind}", name, features, units, True) if cudnn else None


def _recurrent_guess(
    kind: str, name: str, features: int, units: int, use_bias: bool, *, reset_after: bool | None = None
) -> Guess:
    options: dict[str, object] = {"name": name, "units": units}
    if not kind.startswith("CuDNN"):
        options["use_bias"] = use_bias
    if kind == "GRU" and reset_after is not None:
        options["reset_after"] = reset_after
    return Guess(kind, features, units, options, recurrent=True)
