"""A model that is being grown: proposals add layers to it, and Keras says at once which of them it takes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from tests.parity.data import PATTERNS
from tests.parity.description import Json, read_by, ref

Item = TypeVar("Item")
FLOATS = ("float16", "bfloat16", "float32", "float64")


class Rejected(Exception):
    """Keras does not take this layer here, or the draft has nothing to feed it with."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of the draft: where it comes from, its sizes behind the batch, and whether it carries a mask."""

    name: str
    index: int
    shape: tuple[int, ...]
    dtype: str
    masked: bool = False

    @property
    def ref(self) -> Json:
        return ref(self.name, self.index)

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOATS

    @property
    def is_sequence(self) -> bool:
        return self.is_float and len(self.shape) == 2


class Symbolic(Protocol):
    """Keras, answering with shapes."""

    def add_input(self, entry: Json) -> Tensor: ...

    def add_node(self, node: Json) -> list[Tensor]: ...

    def apart(self) -> Symbolic:
        """The same Keras for a model of its own."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """What is the same for all of a case: which Keras, the dtype policy, the batch."""

    keras3: bool
    backend: str
    policy: str
    batch: int
    fixed_batch: bool

    @property
    def oracle(self) -> str:
        return self.backend if self.keras3 else "tf-keras"


@dataclass(eq=False)
class Draft:
    """Inputs and nodes so far. In a chain (a Sequential model) the last tensor is all there is to build on."""

    rng: random.Random
    world: World
    symbolic: Symbolic
    chain: bool = False
    prefix: str = ""
    depth: int = 0
    inputs: list[Json] = field(default_factory=list)
    nodes: list[Json] = field(default_factory=list)
    pool: list[Tensor] = field(default_factory=list)

    # Chances.

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def choose(self, items: Sequence[Item]) -> Item:
        return self.rng.choice(items)

    def options(self, probability: float = 0.35, /, **choices: Sequence[Any]) -> Json:
        """Some of these options, each with one of its values."""
        return {name: self.choose(values) for name, values in choices.items() if self.chance(probability)}

    # Growing.

    def layer(self, class_name: str, config: Json, *args: Any, **kwargs: Any) -> list[Tensor]:
        """Call a new layer; tensors (alone, or in lists) are what it is called on."""
        name = f"{self.prefix}{len(self.nodes)}_{class_name.lower()}"
        return self._add({"name": name, "layer": class_name, "config": config}, args, kwargs)

    def op(self, op_name: str, *args: Any, **kwargs: Any) -> list[Tensor]:
        if self.chain:
            raise Rejected("a Sequential model holds no operations")
        name = f"{self.prefix}{len(self.nodes)}_op"
        return self._add({"name": name, "op": op_name}, args, kwargs)

    def call(self, node: Json, *args: Any, **kwargs: Any) -> list[Tensor]:
        """Add any other node."""
        name = f"{self.prefix}{len(self.nodes)}_{'model' if 'model' in node else 'again'}"
        return self._add({"name": name} | node, args, kwargs)

    def _add(self, node: Json, args: tuple[Any, ...], kwargs: Json) -> list[Tensor]:
        node |= {"args": as_json(list(args)), "kwargs": as_json(kwargs)}
        if self.chain and (kwargs or len(args) != 1 or isinstance(args[0], list)):
            raise Rejected("a Sequential model calls each layer on one tensor")
        tensors = self.symbolic.add_node(node)
        if any(0 in tensor.shape for tensor in tensors):
            raise Rejected("nothing is left")
        self.nodes.append(node)
        self.pool += tensors
        return tensors

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Take back all that was added when anything in here is rejected."""
        before = len(self.inputs), len(self.nodes), len(self.pool)
        try:
            yield
        except Rejected:
            inputs, nodes, tensors = before
            del self.inputs[inputs:], self.nodes[nodes:], self.pool[tensors:]
            raise

    # Tensors to build on.

    def new_input(self, size: Sequence[int], dtype: str = "float32", **fill: Any) -> Tensor:
        if self.chain and self.pool:
            raise Rejected("a Sequential model has one input")
        rows = [self.choose(list(PATTERNS)) for _ in range(self.world.batch)]
        name = f"{self.prefix}in{len(self.inputs)}"
        entry = {"name": name, "size": list(size), "dtype": dtype, "fill": {"rows": rows} | fill}
        tensor = self.symbolic.add_input(entry)
        self.inputs.append(entry)
        self.pool.append(tensor)
        return tensor

    def values(self, size: Sequence[int]) -> Tensor:
        """A new input of floats, with steps to mask where it has steps."""
        mask_value = self.choose([None, 0.0, -1.0, 0.5]) if len(size) > 1 else None
        rank = self.choose([2, 3]) if len(size) > 2 else 2
        dtype = self.world.policy if self.world.policy == "float64" and self.chance(0.5) else "float32"
        return self.new_input(size, dtype, kind="values", mask_value=mask_value, mask_rank=rank)

    def flags(self, size: Sequence[int]) -> Tensor:
        """A mask to be passed by hand."""
        if self.chain:
            raise Rejected("a Sequential model takes no mask by hand")
        return self.new_input(size, "bool", kind="flags")

    def words(self, size: Sequence[int], below: int = 7, low: int = 1, dtypes: Sequence[str] = ("int32",)) -> Tensor:
        return self.new_input(size, self.choose(dtypes), kind="words", below=below, low=low)

    def having(self, *ranks: int, floats: bool = True) -> list[Tensor]:
        """What the draft can build on: tensors with so many axes behind the batch."""
        usable = self.pool[-1:] if self.chain else self.pool
        return [tensor for tensor in usable if len(tensor.shape) in ranks and tensor.is_float == floats]

    def tensor(self, *ranks: int, keep: float = 0.8) -> Tensor:
        """A float tensor with one of these ranks, late ones preferred; a new input where there is none."""
        found = self.having(*ranks)
        if found and (self.chain or self.chance(keep)):
            return self.choose(found[-3:])
        rank = self.choose(ranks)
        return self.values([self.choose([2, 3, 4, 5, 6]) for _ in range(rank - 1)] + [self.choose([1, 2, 3, 4])])

    def sequence(self, masked: float = 0.55) -> Tensor:
        """(steps, features) floats, more often than not with a mask."""
        if (found := self.having(2)) and (self.chain or self.chance(0.75)):
            return self.choose(found[-3:])
        if self.chance(0.2):
            words = self.words([self.choose([1, 3, 4, 5, 6])], dtypes=("int32", "int64", "float32"))
            config = {"input_dim": 7, "output_dim": self.choose([1, 2, 3]), "mask_zero": self.chance(0.8)}
            return self.layer("Embedding", config, words)[0]
        x = self.values([self.choose([1, 2, 3, 4, 5, 6]), self.choose([1, 2, 3])])
        return self.mask(x) if self.chance(masked) else x

    def mask(self, x: Tensor) -> Tensor:
        """The tensor behind a Masking layer, with the value that was put into its input where there is one."""
        fills = {entry["name"]: entry["fill"].get("mask_value") for entry in self.inputs}
        value = fills.get(x.name)
        return self.layer("Masking", {"mask_value": self.choose([0.0, -1.0]) if value is None else value}, x)[0]

    def vector(self, size: int) -> Tensor:
        """(size,) floats: found, computed by a Dense layer, or a new input."""
        found = [tensor for tensor in self.having(1) if tensor.shape == (size,)]
        if found and self.chance(0.6):
            return self.choose(found)
        if (others := self.having(1)) and self.chance(0.4):
            return self.layer("Dense", {"units": size, "activation": "tanh"}, self.choose(others))[0]
        return self.values([size])

    def like(self, x: Tensor) -> Tensor:
        """Another tensor of the same shape."""
        found = [tensor for tensor in self.having(len(x.shape)) if tensor.shape == x.shape and tensor != x]
        if found and self.chance(0.6):
            return self.choose(found)
        other = self.values(x.shape)
        return self.mask(other) if len(x.shape) > 1 and self.chance(0.5) else other

    def inner(self, **changes: Any) -> Draft:
        """A draft of a model that will stand inside this one."""
        if self.depth > 1:
            raise Rejected("nested deep enough")
        prefix = f"{self.prefix}m{len(self.nodes)}_"
        return Draft(self.rng, self.world, self.symbolic.apart(), prefix=prefix, depth=self.depth + 1, **changes)

    def unread(self) -> list[Tensor]:
        """The tensors that nothing reads: the model's outputs. A node of which anything is read shows the rest too."""
        names = {entry["name"] for entry in self.inputs}
        read = {name for node in self.nodes for name in read_by(node)}
        left = [tensor for tensor in self.pool if tensor.name not in names and tensor.name not in read]
        return left or [tensor for tensor in self.pool if tensor.name not in names]

    def model(self, kind: str, outputs: Sequence[Tensor]) -> Json:
        name = f"{self.prefix}whole"
        shown = [tensor.ref for tensor in outputs]
        return {"kind": kind, "name": name, "inputs": self.inputs, "nodes": self.nodes, "outputs": shown}


def as_json(value: Any) -> Any:
    """Arguments with a reference in the place of each tensor."""
    if isinstance(value, Tensor):
        return value.ref
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    return value
