"""Forms of models: which layers follow one another."""

from __future__ import annotations

from typing import Any

from rnnscope.types import Array
from tests.planting.models import Entry, Maker, Ported, built, built_translator

KINDS = ("SimpleRNN", "LSTM", "GRU")
FORMS = ("single", "sequence", "stacked", "embedding", "bidirectional", "both", "halves", "normalized")
LARGER = ("heads", "deep", "mixed", "between", "autoencoder", "translator")
MODES = ("concat", "sum", "ave", "mul")


class Shaper:
    """One draw: sizes, front end and head; what they are is drawn where it is not given."""

    def __init__(self, maker: Maker, kind: str, masks: bool, batch: int, sizes: dict[str, int], options: Any) -> None:
        random = maker.random
        self.maker, self.kind, self.masks, self.batch, self.options = maker, kind, masks, batch, options
        self.steps = sizes.get("steps", int(random.integers(4, 9)))
        self.features = sizes.get("features", int(random.integers(3, 7)))
        self.units = sizes.get("units", int(random.integers(4, 9)))
        self.outs = sizes.get("outs", int(random.integers(1, 5)))

    def front(self, words: bool) -> tuple[list[Entry], int]:
        """What stands before the first recurrent layer, and how many features it hands on."""
        if words:
            return [self.maker.embedding(5, self.masks)], 5
        return ([{"kind": "Masking"}] if self.masks else []), self.features

    def input(self, words: bool) -> Array:
        if words:
            return self.maker.words(self.batch, self.steps, self.masks)
        return self.maker.signals(self.batch, self.steps, self.features, self.masks)

    def recurrent(self, features: int, kind: str = "", **more: Any) -> Entry:
        kind = kind or self.kind
        return self.maker.recurrent(kind, features, self.units, **{**self.options, **more})

    def both(self, features: int, sequences: bool) -> tuple[Entry, int]:
        """A Bidirectional layer, and how many features it hands on."""
        one, back = self.recurrent(features), self.recurrent(features)
        mode = str(self.maker.random.choice(MODES))
        width = 2 * self.units if mode == "concat" else self.units
        halves = {"kind": "Bidirectional", "forward": one, "backward": back, "merge_mode": mode}
        return {**halves, "return_sequences": sequences, "zeroes": sequences}, width

    def head(self, width: int, activation: str = "tanh", kind: str = "Dense") -> Entry:
        return self.maker.dense(width, self.outs, activation, kind)


def _single(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    return [*begin, one.recurrent(width), one.head(one.units, activation)]


def _sequence(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    return [*begin, one.recurrent(width, return_sequences=True)]


def _heads(one: Shaper, words: bool, activation: str) -> list[Entry]:
    kind = "TimeDistributed" if one.maker.random.random() < 0.5 else "Dense"
    return [*_sequence(one, words, activation), one.head(one.units, activation, kind)]


def _stacked(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    first = one.recurrent(width, return_sequences=True)
    return [*begin, first, one.recurrent(one.units), one.head(one.units, "sigmoid")]


def _deep(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    layers = [one.recurrent(width, return_sequences=True)]
    layers += [one.recurrent(one.units, return_sequences=True), {"kind": "Dropout", "rate": 0.2}]
    return [*begin, *layers, one.recurrent(one.units), one.head(one.units, activation)]


def _mixed(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    kinds = [str(kind) for kind in one.maker.random.permutation(KINDS)]
    one.options = {key: value for key, value in one.options.items() if key != "reset_after"}
    first = one.recurrent(width, kinds[0], return_sequences=True)
    return [*begin, first, one.recurrent(one.units, kinds[1]), one.head(one.units, activation)]


def _normalized(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    rest = [one.maker.normalization(one.units), {"kind": "Dropout", "rate": 0.3}]
    return [*begin, one.recurrent(width), *rest, one.head(one.units, "softmax")]


def _between(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    first = one.recurrent(width, return_sequences=True)
    rest = [one.maker.normalization(one.units), one.recurrent(one.units)]
    return [*begin, first, *rest, one.head(one.units, activation)]


def _bidirectional(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    both, width = one.both(width, False)
    return [*begin, both, one.head(width, activation)]


def _both(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    both, width = one.both(width, True)
    return [*begin, both, one.recurrent(width), one.head(one.units, activation)]


def _halves(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    return [*begin, one.both(width, True)[0]]


def _autoencoder(one: Shaper, words: bool, activation: str) -> list[Entry]:
    begin, width = one.front(words)
    middle = [{"kind": "RepeatVector", "n": one.steps}, one.recurrent(one.units, return_sequences=True)]
    return [*begin, one.recurrent(width), *middle, one.head(one.units, activation, "TimeDistributed")]


LAYERS = {
    "single": _single,
    "sequence": _sequence,
    "heads": _heads,
    "stacked": _stacked,
    "deep": _deep,
    "mixed": _mixed,
    "normalized": _normalized,
    "between": _between,
    "bidirectional": _bidirectional,
    "both": _both,
    "halves": _halves,
    "autoencoder": _autoencoder,
}


def draw_model(
    kind: str,
    form: str,
    seed: int | str,
    *,
    masks: bool,
    batch: int = 20,
    version: str = "3.15.1",
    trained: bool = False,
    words: bool = False,
    head: str = "tanh",
    sizes: dict[str, int] | None = None,
    **options: Any,
) -> Ported:
    """A random model of one form; options are those of its recurrent layers."""
    maker = Maker(seed, version=version, trained=trained)
    one = Shaper(maker, kind, masks, batch, sizes or {}, options)
    if form == "translator":
        return _translator(one, words, head, version)
    words = words or form == "embedding"
    layers = LAYERS["single" if form == "embedding" else form](one, words, head)
    return built(layers, one.input(words), version)


def _translator(one: Shaper, words: bool, activation: str, version: str) -> Ported:
    """An encoder that hands its states to a decoder."""
    begin, width = one.front(words)
    encoder = [*begin, one.recurrent(width, return_state=True)]
    begin, width = one.front(words)
    decoder = [*begin, one.recurrent(width, return_sequences=True), one.head(one.units, activation)]
    return built_translator(encoder, one.input(words), decoder, one.input(words), version)
