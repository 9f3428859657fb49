"""What a layer has to do with a difference: how much of it came in, and how much the layer added."""

from __future__ import annotations

from dataclasses import dataclass

from rnnscope.verdicts import Location


@dataclass(frozen=True, slots=True)
class Culprit:
    """The first number of one layer's call at which it parts from the reference, and where that comes from.

    layer, quantity, sample, step, unit: the number, as in `Location`.
    ours, theirs: it in our run and in the reference.
    inherited: |ours − re-run|, re-run being our layer on the reference's own inputs, and for recurrences our step from
        its own states. added: |re-run − reference|. floor: the largest addition that rounding explains there.
    among: when the reference lacks values in between, the layers of which one adds the difference, this one the last.
    hint: what the numbers look like, in words.
    """

    layer: str
    quantity: str
    sample: int
    step: int | None
    unit: int
    ours: float
    theirs: float
    inherited: float
    added: float
    floor: float
    among: tuple[str, ...] = ()
    hint: str = ""

    @property
    def location(self) -> Location:
        return Location(self.layer, self.quantity, self.sample, self.step, self.unit)

    @property
    def inherits(self) -> bool:
        """Whether the layer adds nothing to what came in."""
        return not self.added > self.floor

    @property
    def certain(self) -> bool:
        """Whether it is this layer that adds the difference, and not perhaps one before it."""
        return not self.inherits and not self.among

    @property
    def words(self) -> str:
        """``made here: rnn adds 0.013 at step 4, unit 7, in gate f (sample 0); nothing came in``."""
        step = "" if self.step is None else f"step {self.step}, "
        kind, _, name = self.quantity.partition("/")
        place = f"at {step}unit {self.unit}, in {kind} {name}".rstrip() + f" (sample {self.sample})"
        if self.inherits and self.inherited <= self.floor:
            apart = abs(self.ours - self.theirs)
            return f"rounding: {self.layer} differs by {apart:.3g} {place}, no more than rounding explains"
        if self.inherits:
            return f"inherited: {self.layer} differs by {self.inherited:.3g} {place}, all of which came in"
        if self.among:
            lacking = ", ".join(self.among[:-1])
            text = f"in one of {', '.join(self.among)}: {self.layer} is off by {self.added:.3g} {place}"
            return f"{text}; which of them adds it cannot be told, the reference has no values of {lacking}"
        came_in = f"{self.inherited:.3g} came in" if self.inherited > self.floor else "nothing came in"
        text = f"made here: {self.layer} adds {self.added:.3g} {place}; {came_in}"
        return f"{text}; {self.hint}" if self.hint else text
