"""IntegerLookup: a vocabulary of whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import BadInput, UnreadableFile, Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.categories import Encoding, take_encoding_mode
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.types import Array, Shape

MAX_VOCABULARY = 10_000_000


@keras_layer("IntegerLookup")
@dataclass(frozen=True, slots=True, eq=False)
class IntegerLookup(Operation):
    """Token → index, or with `invert` index → token; the mask ends here, and `mask_token` begins none.

    Index 0 is the mask token's, where there is one and indices come out; then follow `unknown` indices for tokens
    outside the vocabulary, told apart by the remainder of the token, then the vocabulary. Encoded, the mask token is
    left out.
    """

    tokens: Array  # the vocabulary, sorted
    places: Array  # the index of each
    mask_token: int | None
    unknown_token: int
    unknown: int
    invert: bool
    encoding: Encoding

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return f"({len(self.tokens)} tokens)"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        mode = take_encoding_mode(config, "int", "int", "one_hot", "multi_hot", "count")
        unknown, invert = config.take_int("num_oov_indices", 1, minimum=0), config.take_bool("invert", False)
        mask_token, unknown_token = _take_token(config, "mask_token", None), _take_token(config, "oov_token", -1)
        largest = config.take_int("max_tokens") if config.peek("max_tokens") is not None else None
        padded = config.take_bool("pad_to_max_tokens", False)
        config.refuse("vocabulary_dtype", "int64", advice="Use whole numbers of 64 bits")
        config.refuse("oov_method", "floormod", advice="Its hash is not computed")
        config.refuse("salt", advice="Its hash is not computed")
        config.ignore("max_tokens", "vocabulary_size", "has_input_vocabulary", "idf_weights")
        ahead = int(mask_token is not None and mode == "int")
        vocabulary = _take_vocabulary(config, [*[mask_token] * ahead, *[unknown_token] * unknown])
        order = np.argsort(vocabulary, kind="stable")
        depth = largest if padded and largest is not None else len(vocabulary) + ahead + unknown
        return cls(
            tokens=vocabulary[order],
            places=order + ahead + unknown,
            mask_token=mask_token,
            unknown_token=-1 if unknown_token is None else unknown_token,
            unknown=unknown,
            invert=invert,
            encoding=Encoding(mode, depth),
        )

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.encoding.shape(shapes[0]),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        x = np.trunc(arguments.x).astype(np.int64)
        if self.invert:
            return Result((context.decide(self._token(x)),))
        encoded = self.encoding.encode(context.decide(self._index(x, arguments.layer)))
        whole = self.encoding.mode == "int" or context.semantics.is_keras3
        return Result((encoded.astype(np.int64 if whole else context.dtype),))

    def _index(self, x: Array, layer: str) -> Array:
        ahead = int(self.mask_token is not None and self.encoding.mode == "int")
        found = np.minimum(np.searchsorted(self.tokens, x), len(self.tokens) - 1)
        known = self.tokens[found] == x
        masked = np.zeros(x.shape, bool) if self.mask_token is None else x == self.mask_token
        if not self.unknown and not (known | masked).all():
            raise BadInput(
                f"token {x[~(known | masked)].flat[0]} is outside the vocabulary", layer=layer, expected="a known token"
            )
        index = np.where(known, self.places[found], ahead + x % max(self.unknown, 1))
        # Beyond all categories: an encoding leaves it out.
        return np.where(masked, 0 if self.encoding.mode == "int" else self.encoding.depth, index)

    def _token(self, x: Array) -> Array:
        by_place = np.argsort(self.places)
        first = int(self.places.min())
        inside = (x >= first) & (x < first + len(self.tokens))
        token = np.where(inside, self.tokens[by_place[np.where(inside, x - first, 0)]], self.unknown_token)
        return token if self.mask_token is None else np.where(x == 0, self.mask_token, token)


def _take_token(config: Config, name: str, default: int | None) -> int | None:
    value = config.take(name, default)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63):
        raise UnreadableFile(
            f"{config.class_name} option '{name}' is not usable", layer=config.layer, found=repr(value)
        )
    return value


def _take_vocabulary(config: Config, special: list[int | None]) -> Array:
    """The vocabulary, without the special tokens that may stand at its beginning."""
    listed = config.take("vocabulary", None)
    if listed is None:
        raise Unsupported(
            "IntegerLookup whose vocabulary lies in a file of its own is not computed",
            layer=config.layer,
            advice="Give it the vocabulary as an argument",
        )
    whole = isinstance(listed, list) and all(isinstance(token, int) and not isinstance(token, bool) for token in listed)
    if not whole or not isinstance(listed, list) or not 0 < len(listed) <= MAX_VOCABULARY:
        raise UnreadableFile("IntegerLookup's vocabulary is not a list of whole numbers", layer=config.layer)
    tokens = listed[len(special) :] if special and listed[: len(special)] == special else listed
    if not tokens or len(set(tokens)) < len(tokens) or not -(2**63) <= min(tokens) <= max(tokens) < 2**63:
        raise UnreadableFile("IntegerLookup's vocabulary has no tokens, or one twice", layer=config.layer)
    return np.asarray(tokens, np.int64)
