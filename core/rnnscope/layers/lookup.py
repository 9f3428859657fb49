"""IntegerLookup and StringLookup: tokens of a vocabulary, and their indices."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import BadInput, Unsupported
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.categories import Encoding, take_encoding_mode
from rnnscope.layers.config import Config
from rnnscope.layers.registry import keras_layer
from rnnscope.layers.vocabulary import Special, Token, Vocabulary, take_depth, take_idf, take_special, take_vocabulary
from rnnscope.texts import is_text
from rnnscope.types import Array, Shape


@dataclass(frozen=True, slots=True, eq=False)
class Lookup(Operation):
    """Token → index, or with `invert` index → token; the mask ends here, and `mask_token` begins none.

    Index 0 is the mask token's, where there is one and indices come out; then follow the indices of tokens outside the
    vocabulary, then the vocabulary. Encoded, the mask token is left out, and tf_idf is the count times `idf`.
    """

    vocabulary: Vocabulary
    special: Special
    invert: bool
    encoding: Encoding
    idf: Array | None  # (depth,)

    kind: ClassVar[type[Token]]
    outsider: ClassVar[Token]

    @property
    def keeps_integers(self) -> bool:
        return True

    @property
    def label(self) -> str:
        return f"({len(self.vocabulary.tokens)} tokens)"

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        mode = take_encoding_mode(config, "int", "int", "one_hot", "multi_hot", "count", "tf_idf")
        unknown, invert = config.take_int("num_oov_indices", 1, minimum=0), config.take_bool("invert", False)
        special = take_special(config, cls.kind, cls.outsider)
        if invert and (mode != "int" or special.unknown is None):
            raise Unsupported(
                f"{config.class_name} with invert=True, output_mode={mode!r} and oov_token={special.unknown!r} is not "
                "computed",
                layer=config.layer,
                advice="Keras inverts with output_mode='int' and an oov_token",
            )
        cls.take_hashing(config, 0 if invert else unknown)
        ahead = int(special.mask is not None and mode == "int")
        vocabulary = take_vocabulary(config, weights, cls.kind, special, ahead=ahead, unknown=unknown, invert=invert)
        depth = take_depth(config, vocabulary, fixed=mode != "int")
        idf = take_idf(config, weights, vocabulary, depth) if mode == "tf_idf" else None
        config.ignore("has_input_vocabulary", "idf_weights")
        return cls(vocabulary, special, invert, Encoding("count" if mode == "tf_idf" else mode, depth), idf)

    @staticmethod
    @abstractmethod
    def take_hashing(config: Config, unknown: int) -> None:
        """Take the options that tell `unknown` indices apart, and all others that the class alone has."""

    @abstractmethod
    def keys(self, x: Array, layer: str) -> Array:
        """What is looked up, for input `x`; BadInput when it cannot be."""

    def outside(self, keys: Array) -> Array:
        """Which of the indices outside the vocabulary each key has."""
        return np.zeros(keys.shape, np.int64)

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return (self.encoding.shape_of(shapes[0]),)

    def call(self, arguments: Arguments, context: Context) -> Result:
        if self.invert:
            return Result((context.decide(self._token(_whole(arguments.x))),))
        encoded = self.encoding.encode(context.decide(self._index(self.keys(arguments.x, arguments.layer), arguments)))
        if self.idf is not None:
            return Result((encoded.astype(context.dtype) * self.idf.astype(context.dtype),))
        whole = self.encoding.mode == "int" or context.semantics.is_keras3
        return Result((encoded.astype(np.int64 if whole else context.dtype),))

    def _index(self, keys: Array, arguments: Arguments) -> Array:
        vocabulary = self.vocabulary
        found = np.minimum(np.searchsorted(vocabulary.tokens, keys), len(vocabulary.tokens) - 1)
        known = vocabulary.tokens[found] == keys
        masked = np.zeros(keys.shape, bool) if self.special.mask is None else keys == self.special.mask
        if not vocabulary.unknown and not (known | masked).all():
            token = keys[~(known | masked)].flat[0]
            raise BadInput(
                f"token {token.item()!r} is outside the vocabulary",
                layer=arguments.layer,
                expected="tokens of the vocabulary alone, as the layer has num_oov_indices=0",
            )
        index = np.where(known, vocabulary.places[found], vocabulary.ahead + self.outside(keys))
        # Beyond all categories: an encoding leaves it out.
        return np.where(masked, 0 if self.encoding.mode == "int" else self.encoding.depth, index)

    def _token(self, index: Array) -> Array:
        vocabulary = self.vocabulary
        by_place = np.argsort(vocabulary.places)
        inside = (index >= vocabulary.start) & (index < vocabulary.size)
        found = vocabulary.tokens[by_place[np.where(inside, index - vocabulary.start, 0)]]
        token = np.where(inside, found, np.asarray(self.special.unknown))
        return token if self.special.mask is None else np.where(index == 0, np.asarray(self.special.mask), token)


@keras_layer("IntegerLookup")
@dataclass(frozen=True, slots=True, eq=False)
class IntegerLookup(Lookup):
    """A vocabulary of whole numbers. Tokens outside it are told apart by their remainder."""

    kind: ClassVar[type[Token]] = int
    outsider: ClassVar[Token] = -1

    @staticmethod
    def take_hashing(config: Config, unknown: int) -> None:
        config.refuse("vocabulary_dtype", "int64", advice="Use whole numbers of 64 bits")
        if unknown > 1:
            config.refuse("oov_method", "floormod", advice="Its hash is not computed; use num_oov_indices=1")
            config.refuse("salt", advice="Its hash is not computed; use num_oov_indices=1")
        config.ignore("oov_method", "salt")  # what has one place needs no hash

    def keys(self, x: Array, layer: str) -> Array:
        return _whole(x)

    def outside(self, keys: Array) -> Array:
        return np.asarray(keys % max(self.vocabulary.unknown, 1))


@keras_layer("StringLookup")
@dataclass(frozen=True, slots=True, eq=False)
class StringLookup(Lookup):
    """A vocabulary of texts. All tokens outside it have one index: more would need TensorFlow's hash of texts."""

    kind: ClassVar[type[Token]] = str
    outsider: ClassVar[Token] = "[UNK]"

    @property
    def takes_text(self) -> bool:
        return not self.invert

    @staticmethod
    def take_hashing(config: Config, unknown: int) -> None:
        if unknown > 1:
            raise Unsupported(
                f"{config.class_name} with num_oov_indices={unknown} is not computed",
                layer=config.layer,
                advice="It needs TensorFlow's hash of texts; use num_oov_indices=1, or 0",
            )
        # What has one place needs no hash, and the encoding is that of what get_vocabulary() and assets give.
        config.ignore("oov_method", "salt", "encoding")

    def keys(self, x: Array, layer: str) -> Array:
        if not is_text(x):
            raise BadInput("StringLookup takes text, and is given numbers", layer=layer)
        return x


def _whole(x: Array) -> Array:
    return np.trunc(x).astype(np.int64)
