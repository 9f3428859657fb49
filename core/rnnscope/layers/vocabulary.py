"""The vocabulary of a lookup layer: where it stands, what may begin it, and how much each of its tokens weighs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnscope.errors import RnnscopeError, UnreadableFile, Unsupported
from rnnscope.layers.base import Weights
from rnnscope.layers.config import Config
from rnnscope.layers.scaling import take_numbers
from rnnscope.texts import texts_of
from rnnscope.types import Array

MAX_VOCABULARY = 10_000_000
ASSET = "vocabulary.txt"
INT64 = (-(2**63), 2**63 - 1)
Token = int | str


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Tokens with the index of each: `ahead` for the mask token, `unknown` for what is outside, then the tokens.

    tokens: sorted; places: the index of each. listed: how many tokens the file lists, special ones among them.
    begins_special: whether it lists the special ones.
    """

    tokens: Array
    places: Array
    ahead: int
    unknown: int
    listed: int
    begins_special: bool

    @property
    def start(self) -> int:
        return self.ahead + self.unknown

    @property
    def size(self) -> int:
        return self.start + len(self.tokens)


@dataclass(frozen=True, slots=True)
class Special:
    """The tokens that stand for what is masked and for what is outside the vocabulary."""

    mask: Token | None
    unknown: Token | None


def take_special(config: Config, kind: type[Token], unknown: Token) -> Special:
    return Special(_take_token(config, "mask_token", kind, None), _take_token(config, "oov_token", kind, unknown))


def take_vocabulary(
    config: Config, weights: Weights, kind: type[Token], special: Special, *, ahead: int, unknown: int, invert: bool
) -> Vocabulary:
    """The vocabulary from the configuration, or from the text file that a ``.keras`` archive keeps.

    It may begin with the special tokens: the mask's, where the layer has an index for it, and the unknown's as often as
    it has indices. As Keras does, refuses a token twice, and a special one elsewhere.
    """
    listed = _listed(config, weights, kind)
    first = [special.mask] * ahead + [special.unknown] * min(unknown, MAX_VOCABULARY)
    begins_special = listed[: len(first)] == first
    own = listed[len(first) :] if begins_special else listed
    tokens = _array(config, own, kind)
    order = np.argsort(tokens, kind="stable")
    tokens = tokens[order]
    if not own or (tokens[1:] == tokens[:-1]).any():
        raise _unusable(config, "has no tokens, or one twice")
    for token, reserved in ((special.mask, True), (special.unknown, invert)):
        if reserved and token is not None and token in own:
            raise _unusable(config, f"has the special token {token!r} where it may not be")
    return Vocabulary(tokens, order + ahead + unknown, ahead, unknown, len(listed), begins_special)


def take_depth(config: Config, vocabulary: Vocabulary, *, fixed: bool) -> int:
    """How many categories there are: those of the vocabulary, or ``max_tokens`` where it is padded to that.

    fixed: whether the layer's output shows it, so that a file that says another size contradicts itself.
    """
    largest = (
        config.take_int("max_tokens") if config.peek("max_tokens") is not None else config.take("max_tokens", None)
    )
    padded, said = config.take_bool("pad_to_max_tokens", False), config.take("vocabulary_size", None)
    if isinstance(largest, int) and vocabulary.size > largest:
        raise _unusable(config, f"is larger than max_tokens={largest}", vocabulary.size)
    if padded and isinstance(largest, int):
        return largest
    if padded:
        raise UnreadableFile(f"{config.class_name} is padded to max_tokens, and has none", layer=config.layer)
    if fixed and said is not None and said != vocabulary.size:
        raise UnreadableFile(
            f"{config.class_name}'s vocabulary has another size",
            layer=config.layer,
            expected=said,
            found=vocabulary.size,
        )
    return vocabulary.size


def take_idf(config: Config, weights: Weights, vocabulary: Vocabulary, depth: int) -> Array:
    """(depth,): the inverse document frequency of each category, from the weights, else from the configuration.

    Where the configuration leaves out the special tokens, theirs is the average of all; padding weighs nothing. A
    ``.keras`` file keeps the layer's own weights by name, tf-keras's ``.h5`` as its only ones, Keras 3's not at all.
    """
    given = take_numbers(config, "idf_weights")
    if weights.named_shape("idf_weights") is not None or not config.written_by.is_keras3:
        return weights.take("idf_weights", (depth,), trainable=False)
    if given is None or given.shape != (vocabulary.listed,):
        raise UnreadableFile(
            f"{config.class_name}'s idf_weights do not fit its vocabulary",
            layer=config.layer,
            expected=(vocabulary.listed,),
            found=None if given is None else given.shape,
        )
    front = 0 if vocabulary.begins_special else vocabulary.start
    wide = given.astype(np.float64)
    padded = np.pad(wide, (front, depth - front - len(wide)))
    padded[:front] = wide.mean()
    return padded.astype(np.float32)


def _take_token(config: Config, name: str, kind: type[Token], default: Token | None) -> Token | None:
    value = config.take(name, default)
    if value is None or (isinstance(value, kind) and _is_token(value)):
        return value
    raise UnreadableFile(f"{config.class_name} option '{name}' is not usable", layer=config.layer, found=repr(value))


def _is_token(value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool) and INT64[0] <= value <= INT64[1]
    return whole or isinstance(value, str)


def _listed(config: Config, weights: Weights, kind: type[Token]) -> list[Token]:
    listed = config.take("vocabulary", None)
    if isinstance(listed, str):
        raise _without(config, f"lies in the file '{listed[:80]}', outside the model,")
    if listed is None:
        text = weights.text(ASSET)
        if text is None:
            raise _without(config, "is not in this file")
        return _lines(config, text, kind)
    good = isinstance(listed, list) and all(isinstance(token, kind) and _is_token(token) for token in listed)
    if not good or not isinstance(listed, list) or not 0 < len(listed) <= MAX_VOCABULARY:
        raise _unusable(config, f"is not a list of {'whole numbers' if kind is int else 'texts'}")
    return listed


def _lines(config: Config, text: str, kind: type[Token]) -> list[Token]:
    """A token a line. Empty lines at the end are none in Keras 3.14 and later, which also knows more ends of lines."""
    if config.semantics.vocabulary_ends_with_text:
        lines = text.splitlines()
        while lines and not lines[-1]:
            lines.pop()
    else:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_VOCABULARY:
        raise _unusable(config, "is too large", len(lines))
    if kind is str:
        return list(lines)
    try:
        numbers: list[Token] = [int(line) for line in lines]
    except ValueError:
        numbers = []
    if not numbers or not all(map(_is_token, numbers)):
        raise _unusable(config, "is not a list of whole numbers")
    return numbers


def _array(config: Config, tokens: list[Token], kind: type[Token]) -> Array:
    if kind is int:
        return np.asarray(tokens, np.int64)
    try:
        return texts_of(tokens)
    except ValueError as error:
        raise _unusable(config, f"cannot be read: {error}") from None


def _without(config: Config, where: str) -> RnnscopeError:
    return Unsupported(
        f"{config.class_name} whose vocabulary {where} is not computed",
        layer=config.layer,
        advice="Save the model as .keras, or give the layer its vocabulary as a list",
    )


def _unusable(config: Config, problem: str, found: object = None) -> RnnscopeError:
    return UnreadableFile(f"{config.class_name}'s vocabulary {problem}", layer=config.layer, found=found)
