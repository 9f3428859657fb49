"""The task of the second example: whether a short sentence speaks well or badly of something.

Negation turns a judgement round (twice turns it back), and of two judgements joined by "but" the second counts, so
the network has to remember what it has read. Sentences shorter than `STEPS` words are padded with index 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int32]

STEPS = 14
PADDING = "<pad>"
SUBJECTS = ("film", "food", "hotel", "music", "service", "story", "room", "band")
GOOD = ("good", "great", "lovely", "charming", "clever")
BAD = ("bad", "awful", "dull", "ugly", "silly")
DEGREES = ("very", "really", "rather", "quite")
GLUE = ("the", "was", "is", "not", "never", "nobody", "said", "i", "found", "but", "and", "although")
VOCABULARY = (PADDING, *GLUE, *SUBJECTS, *DEGREES, *GOOD, *BAD)

Judgement = tuple[list[str], bool]  # the words, and whether they speak well of it


def judgement(rng: np.random.Generator) -> Judgement:
    """A clause such as "nobody said the food was not very good"."""
    good = bool(rng.random() < 0.5)
    adjective = str(rng.choice(GOOD if good else BAD))
    degree = [str(rng.choice(DEGREES))] if rng.random() < 0.4 else []
    about = ["the", str(rng.choice(SUBJECTS))]
    verb = str(rng.choice(("was", "is")))
    match rng.integers(6):
        case 0 | 1:
            return [*about, verb, *degree, adjective], good
        case 2:
            return [*about, verb, "not", *degree, adjective], not good
        case 3:
            return ["nobody", "said", *about, verb, *degree, adjective], not good
        case 4:
            return ["i", "never", "found", *about, *degree, adjective], not good
        case _:
            return ["nobody", "said", *about, verb, "not", adjective], good


def sentence(rng: np.random.Generator) -> Judgement:
    """One judgement, or two of which the one that counts decides; at most `STEPS` words."""
    words, good = judgement(rng)
    others, good_too = judgement(rng)
    if rng.random() < 0.4 or len(words) + len(others) + 1 > STEPS:
        return words, good
    if good == good_too:
        return [*words, "and", *others], good
    if rng.random() < 0.5:
        return [*words, "but", *others], good_too
    return ["although", *words, *others], good_too


def encode(words: list[str], *, pad_in_front: bool = False) -> Indices:
    """Vocabulary indices, (STEPS,), padded at the end unless told."""
    indices = [VOCABULARY.index(word) for word in words]
    padding = [0] * (STEPS - len(indices))
    return np.array(padding + indices if pad_in_front else indices + padding, np.int32)


def dataset(rng: np.random.Generator, count: int) -> tuple[Indices, NDArray[np.float32]]:
    """Sentences (count, STEPS), a fifth of them padded in front, and 1.0 for each that speaks well."""
    sentences = [sentence(rng) for _ in range(count)]
    rows = [encode(words, pad_in_front=bool(rng.random() < 0.2)) for words, _ in sentences]
    return np.stack(rows), np.array([[float(good)] for _, good in sentences], np.float32)


def shown(rng: np.random.Generator) -> Indices:
    """The 48 rows of the example: telling ones first, each padded behind and in front, and one that is all padding."""
    telling = (
        "the food was good",
        "the food was not good",
        "nobody said the food was not good",
        "the food was good but the room was awful",
        "although the story is dull the music is not bad",
        "i never found the service very charming but nobody said the hotel was ugly",
    )
    pairs = [encode(text.split(), pad_in_front=front) for text in telling for front in (False, True)]
    drawn, _ = dataset(rng, 35)
    return np.stack([*pairs, encode([]), *drawn])
