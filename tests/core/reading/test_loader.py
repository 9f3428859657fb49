from __future__ import annotations

import copy
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from rnnscope.errors import RnnscopeError, ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.inputs import load_input
from rnnscope.model import Model
from rnnscope.reading import building
from rnnscope.reading.loader import load_model
from rnnscope.reading.source import Source
from rnnscope.reference import load_reference
from tests.core.reading.crafted import (
    ASSETS,
    config_of,
    hdf5,
    keras_file,
    npy,
    npy_header,
    source,
    unzipped,
    zipped,
)

KERAS = ASSETS / "household.keras"
H5 = ASSETS / "household.h5"
MEMBERS = unzipped(KERAS)
CONFIG = config_of(MEMBERS)

Damage = Callable[[dict[str, Any]], object]


def layer(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The layer of that name, to be damaged in place."""
    found: dict[str, Any] = next(entry for entry in config["config"]["layers"] if entry["name"] == name)
    return found


def damaged(damage: Damage) -> Source:
    config = copy.deepcopy(CONFIG)
    damage(config)
    return keras_file(MEMBERS, config=config)


def refused(file: Source | Path, kind: type[RnnscopeError], match: str) -> RnnscopeError:
    with pytest.raises(kind, match=match) as caught:
        load_model(file)
    assert str(caught.value).startswith(f"{file.name}: ")
    assert "\n" not in str(caught.value)
    return caught.value


def edited_h5(edit: Callable[[Any], object]) -> Source:
    stream = io.BytesIO(H5.read_bytes())
    with h5py.File(stream, "r+") as file:
        edit(file)
    return source(stream.getvalue(), "crafted.h5")


def edited_weights(edit: Callable[[Any], object]) -> Source:
    stream = io.BytesIO(MEMBERS["model.weights.h5"])
    with h5py.File(stream, "r+") as file:
        edit(file)
    return keras_file({**MEMBERS, "model.weights.h5": stream.getvalue()})


@pytest.mark.parametrize("path", [KERAS, H5])
def test_both_formats_give_the_same_model_whatever_the_file_is_called(path: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "model.bin"
    renamed.write_bytes(path.read_bytes())
    model: Model = load_model(renamed)
    assert model.parameters == 13_249
    assert [found.name for found in model.layers][-3:] == ["dropout_15", "dense1", "denseoutput"]


@pytest.mark.parametrize("member", ["config.json", "metadata.json", "model.weights.h5"])
def test_a_missing_member_is_named(member: str) -> None:
    left = {name: content for name, content in MEMBERS.items() if name != member}
    refused(source(zipped(left)), UnreadableFile, f"no {member}")


def test_other_members_are_left_alone() -> None:
    assert load_model(keras_file({**MEMBERS, "assets/vocabulary.txt": "x", "evil.py": "1 / 0"})).parameters == 13_249


@pytest.mark.parametrize("version", ["3", "", "4.0", "0.9", "nonsense"])
def test_a_keras_that_never_was_is_refused(version: str) -> None:
    refused(keras_file(MEMBERS, metadata={"keras_version": version}), UnreadableFile, "Keras is unknown")
    refused(edited_h5(lambda f: f.attrs.modify("keras_version", version)), UnreadableFile, "Keras is unknown")


@pytest.mark.parametrize("metadata", [{}, [], None])
def test_an_archive_that_names_no_keras_is_read_as_keras_3_with_a_remark(metadata: object) -> None:
    model = load_model(keras_file(MEMBERS, metadata=metadata))
    assert model.semantics.is_keras3
    assert any("does not say which Keras" in note for note in model.notes)
    chosen = load_model(keras_file(MEMBERS, metadata=metadata), keras_version="3.3.3")
    assert not any("does not say which Keras" in note for note in chosen.notes)


@pytest.mark.parametrize("version", [3, 3.5, [], {}, True])
def test_a_version_that_is_not_text_is_refused(version: object) -> None:
    refused(keras_file(MEMBERS, metadata={"keras_version": version}), UnreadableFile, "not text")


def test_a_version_of_nonsense_is_refused() -> None:
    refused(keras_file(MEMBERS, metadata={"keras_version": "3.x"}), RnnscopeError, "version")


def test_the_callers_word_counts_where_the_file_says_nothing() -> None:
    model = load_model(keras_file(MEMBERS, metadata={}), keras_version="3.15.1")
    assert model.semantics.keras_version == "3.15.1"


@pytest.mark.parametrize("units", [True, -1, 0, 10**12, 2**31, 1.0, "64", None, [64], {}, 10**400])
@pytest.mark.parametrize("name", ["rnn", "dense1"])
def test_units_are_a_whole_number_of_a_possible_size(name: str, units: object) -> None:
    error = refused(
        damaged(lambda c: layer(c, name)["config"].update(units=units)), UnreadableFile, "expected a whole number"
    )
    assert error.layer == name


@pytest.mark.parametrize("units", [63, 2**31 - 1])
def test_units_that_the_weights_do_not_have_are_refused_before_anything_is_read(units: int) -> None:
    error = refused(damaged(lambda c: layer(c, "dense1")["config"].update(units=units)), ShapeMismatch, "wrong shape")
    assert (error.layer, error.found) == ("dense1", (64, 64))


@pytest.mark.parametrize(
    "shape", [None, [], [None], "x", [None, True, 76], [None, -1, 76], [None, 10, 2**40], {}, [[]]]
)
def test_an_unusable_input_shape_is_refused(shape: object) -> None:
    refused(damaged(lambda c: layer(c, "main_input")["config"].update(batch_shape=shape)), RnnscopeError, ".")


@pytest.mark.parametrize("size", [True, -1, 0, 1.0, "10", 2**40])
def test_each_size_of_an_input_is_a_whole_number(size: object) -> None:
    def replace(config: dict[str, Any]) -> None:
        layer(config, "main_input")["config"].update(batch_shape=[None, size, 76])

    refused(damaged(replace), UnreadableFile, "the input's shape is not usable")


def test_an_input_of_impossible_size_is_refused_before_memory_is_asked_for() -> None:
    def enlarge(config: dict[str, Any]) -> None:
        layer(config, "main_input")["config"].update(batch_shape=[None, 2**17, 2**14])

    error = refused(damaged(enlarge), RnnscopeError, "too large")
    assert error.layer == "main_input"


@pytest.mark.parametrize("name", ["Lambda", "MyLayer", "TFSMLayer", "StatefulRNN", "__class__", "os.system", ""])
def test_a_class_that_is_not_computed_is_refused_by_name(name: str) -> None:
    def replace(config: dict[str, Any]) -> None:
        layer(config, "dense1").update(class_name=name, registered_name=None)

    error = refused(damaged(replace), Unsupported, "not computed")
    assert error.layer == "dense1"


def test_the_refusal_of_a_class_names_those_alike_alone() -> None:
    def replace(config: dict[str, Any]) -> None:
        layer(config, "dense1").update(class_name="LeakyRelu", registered_name=None)

    error = refused(damaged(replace), Unsupported, "Alike and supported: LeakyReLU")
    assert "Attention" not in str(error)


def test_a_lambda_is_not_decoded() -> None:
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAAAAAAA\n", "defaults": None, "closure": None}}
    refused(
        damaged(lambda c: layer(c, "dense1")["config"].update(activation=code)), RnnscopeError, "dense1.*activation"
    )


def test_code_of_others_is_not_looked_for() -> None:
    def replace(config: dict[str, Any]) -> None:
        layer(config, "dense1").update(module="subprocess", class_name="Popen", registered_name="Popen")

    refused(damaged(replace), Unsupported, "Popen is not one of Keras's own")


@pytest.mark.parametrize("option", ["surprise", "lora_rank", "fused"])
def test_an_option_that_nobody_knows_is_refused_by_name(option: str) -> None:
    refused(damaged(lambda c: layer(c, "rnn")["config"].update({option: 4})), Unsupported, option)


def test_a_nested_model_without_its_weights_names_the_layer_inside() -> None:
    def nest(config: dict[str, Any]) -> None:
        inner = copy.deepcopy(config)
        layer(config, "dense1").update(class_name="Functional", config=inner["config"])
        layer(config, "dense1")["config"].update(name="dense1")

    error = refused(damaged(nest), UnreadableFile, "weight 'kernel' is missing")
    assert error.layer == "dense1/rnn"


@pytest.mark.parametrize("dtype", ["float8", "mixed_float8", "complex64", 3, [], {"class_name": "Mine"}, "object"])
def test_other_types_are_refused(dtype: object) -> None:
    refused(damaged(lambda c: layer(c, "rnn")["config"].update(dtype=dtype)), RnnscopeError, "rnn")


def test_a_weight_that_is_missing_is_named() -> None:
    def remove(file: Any) -> None:
        del file["layers/dense/vars/0"]

    error = refused(edited_weights(remove), UnreadableFile, "weight 'kernel' is missing")
    assert error.layer == "dense1"


def test_a_weight_that_nobody_uses_is_named() -> None:
    def add(file: Any) -> None:
        file["layers/dense/vars/7"] = np.zeros(3)

    refused(edited_weights(add), Unsupported, "layers/dense/vars/7")


def test_a_weight_behind_a_link_is_refused(tmp_path: Path) -> None:
    def link(file: Any) -> None:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")

    refused(edited_weights(link), UnreadableFile, "link to somewhere else")


def test_a_weight_of_the_wrong_shape_is_refused() -> None:
    def replace(file: Any) -> None:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = np.zeros((64, 65), np.float32)

    error = refused(edited_weights(replace), ShapeMismatch, "weight 'kernel' has the wrong shape")
    assert error.found == (64, 65)


def test_a_bomb_in_place_of_a_weight_is_refused() -> None:
    def replace(file: Any) -> None:
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", (2**20, 2**20), np.float32, compression="gzip")

    refused(edited_weights(replace), ShapeMismatch, "wrong shape")


@pytest.mark.parametrize(
    "names",
    [3, "kernel", [b"nowhere"], [b"../../x"], [b"kernel"] * 40, [1, 2], [b"\xff"], np.zeros((2, 2))],
    ids=["number", "text", "nowhere", "climbing", "many", "numbers", "not UTF-8", "table"],
)
def test_a_legacy_layers_weight_names_are_checked(names: Any) -> None:
    def replace(file: Any) -> None:
        file["model_weights/dense1"].attrs["weight_names"] = names

    refused(edited_h5(replace), RnnscopeError, ".")


def test_a_legacy_layer_with_a_weight_too_many_is_refused() -> None:
    def add(file: Any) -> None:
        attributes = file["model_weights/dense1"].attrs
        attributes["weight_names"] = [*attributes["weight_names"], "more"]
        file["model_weights/dense1/more"] = 1.0

    error = refused(edited_h5(add), Unsupported, "holds 3 weights for this layer, its options imply 2")
    assert error.layer == "dense1"


def test_an_hdf5_file_of_arrays_is_not_taken_for_weights() -> None:
    refused(source(hdf5(lambda f: f.create_dataset("x", data=1.0)), "w.h5"), UnreadableFile, "holds no Keras weights")


@pytest.mark.parametrize("config", ["", "{", "[]", "null", '{"a": NaN}', '{"class_name": "Functional"}', 3])
def test_an_unusable_legacy_configuration_is_refused(config: Any) -> None:
    refused(edited_h5(lambda f: f.attrs.__setitem__("model_config", config)), UnreadableFile, ".")


@pytest.mark.parametrize(
    "data",
    [npy(np.zeros(3)), b"1,2\n3,4\n", b"\x89PNG\r\n\x1a\n\0", b"\x80\x04\x95pickle."],
    ids=["npy", "csv", "png", "pickle"],
)
def test_what_is_no_model_is_called_so(data: bytes) -> None:
    refused(source(data), UnreadableFile, "not a Keras model file")


def test_arrays_in_place_of_a_model_are_called_so() -> None:
    refused(source(zipped({"x.npy": npy(np.zeros(3))}), "x.npz"), UnreadableFile, r"not a \.keras archive")


def test_a_long_name_and_a_name_in_control_characters_stay_on_one_short_line() -> None:
    name = "<img src=x>\n\u202egnp.exe" + "n" * 100_000

    def rename(config: dict[str, Any]) -> None:
        layer(config, "dense1")["config"].update(name=name, units=-1)

    error = refused(damaged(rename), RnnscopeError, ".")
    assert len(str(error)) <= 1200
    assert str(error).isprintable()


# ---- Nothing but a RnnscopeError comes out, whatever the file. What is refused elsewhere by chance counts as well.

JUNK: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 0.5, 1e308, 10**12, 10**400, "", "x", "relu", "float16", [], {}, [[]], [None]),
    *([None, 2**31 - 1], ["rnn", 0, 0], {"class_name": "Lambda", "config": {}}, {"config": None}),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of everything inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from places(item)


def mutated(value: Any, chance: random.Random) -> Any:
    value = copy.deepcopy(value)
    for _ in range(chance.choice([1, 1, 2])):
        container, key = chance.choice(list(places(value)))
        if chance.random() < 0.1:
            del container[key]
        else:
            container[key] = copy.deepcopy(chance.choice(JUNK))
    return value


def only_clear_errors(read: Callable[[Source], object], file: Source) -> bool:
    """Whether it was read; fails on any error but a RnnscopeError of one line that names the file."""
    text = ""
    try:
        read(file)
    except RnnscopeError as error:
        text = str(error)
    assert not text or text.startswith(f"{file.name}: "), text
    assert "\n" not in text
    return not text


@pytest.mark.parametrize("seed", range(4))
def test_a_configuration_with_anything_anywhere_gives_a_clear_error(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the net below every layer: what it would catch is a hole in a reader.
    monkeypatch.setattr(building, "UNFORESEEN", ())
    chance = random.Random(seed)
    read = [only_clear_errors(load_model, keras_file(MEMBERS, config=mutated(CONFIG, chance))) for _ in range(100)]
    assert 10 < sum(read) < 90


def test_what_nobody_foresaw_in_a_configuration_is_still_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> object:
        raise TypeError("unhashable type: 'list'")

    monkeypatch.setattr(building, "read_layer", fail)
    error = refused(source(KERAS.read_bytes()), UnreadableFile, "unhashable")
    assert error.layer == "main_input"


def garbled(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.2:
        return data[: chance.randrange(1, len(data))]
    changed = bytearray(data)
    for _ in range(chance.choice([1, 2, 8, 64])):
        # Headers and directories stand at the two ends.
        near_end = chance.choice([chance.randrange(min(len(data), 3000)), -1 - chance.randrange(min(len(data), 1000))])
        changed[chance.choice([near_end, chance.randrange(len(data))])] = chance.choice([0, 255, chance.randrange(256)])
    return bytes(changed)


def archive() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, a=np.arange(24.0), b=np.array([True]))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (load_model, KERAS.read_bytes()),
        (load_input, npy(np.arange(24.0))),
        (load_input, npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", bytes(24), 2)),
        (load_input, archive()),
        (load_reference, archive()),
        (load_input, b"a;b\n1;2\n3;4\n"),
    ],
    ids=["keras", "npy", "npy 2", "npz", "reference", "csv"],
)
def test_a_file_with_any_bytes_garbled_gives_a_clear_error(read: Callable[[Source], object], data: bytes) -> None:
    chance = random.Random(7)
    for _ in range(150):
        only_clear_errors(read, source(garbled(data, chance), "garbled"))
