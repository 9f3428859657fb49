"""Weights by path: the folders of `.keras` archives and ``.weights.h5`` files of every Keras that writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnnscope
from rnnscope.errors import RnnscopeError, UnreadableFile, Unsupported
from rnnscope.reading.source import Source, read_source
from rnnscope.types import Array
from tests.core.reading.crafted import hdf5, source, zipped
from tests.core.reading.kerases import entrance, functional, layer, numbers

LAYERS = [
    entrance("x", 4, 3),
    layer("Dense", "a", [["x", 0, 0, {}]], units=2),
    layer("Dropout", "drop", [["a", 0, 0, {}]], rate=0.5),
    layer("Dense", "b", [["drop", 0, 0, {}]], units=2),
    layer("LSTM", "rnn", [["b", 0, 0, {}]], units=1),
]
CONFIG = functional(LAYERS, [["x", 0, 0]], [["rnn", 0, 0]])
A, B = numbers(3, 2), numbers(2, 2)
LSTM = {"cell/vars/0": numbers(2, 4), "cell/vars/1": numbers(1, 4), "cell/vars/2": numbers(4)}


def weights(first: str, second: str, third: str, change: Callable[[str], str] = str) -> bytes:
    arrays: dict[str, Array] = {f"{first}/vars/0": A, f"{first}/vars/1": numbers(2)}
    arrays |= {f"{second}/vars/0": B, f"{second}/vars/1": numbers(2)}
    arrays |= {f"{third}/{path}": array for path, array in LSTM.items()}
    return written({change(path): array for path, array in arrays.items()})


def written(arrays: Mapping[str, Array]) -> bytes:
    def build(file: Any) -> None:
        for path, array in arrays.items():
            file.create_dataset(path, data=array)

    return hdf5(build)


def archive(content: bytes, version: str = "2.13.1") -> Source:
    members = {"config.json": json.dumps(CONFIG), "metadata.json": json.dumps({"keras_version": version})}
    return source(zipped({**members, "model.weights.h5": content}), "crafted.keras")


def check(model: rnnscope.Model) -> None:
    np.testing.assert_array_equal(model["a"].operation.kernel, A)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(model["b"].operation.kernel, B)  # type: ignore[attr-defined]
    assert model.parameters == 8 + 6 + 16


def test_layers_of_one_class_are_counted() -> None:
    check(rnnscope.load_model(archive(weights("layers/dense", "layers/dense_1", "layers/lstm"), "2.15.0")))


def test_tf_keras_before_2_14_counted_each_layer_with_weights_twice() -> None:
    root = "_layer_checkpoint_dependencies"
    check(rnnscope.load_model(archive(weights(f"{root}/dense", f"{root}/dense_2", f"{root}/lstm"))))


def on_windows(path: str) -> str:
    folder, _, rest = path.partition("/vars/")
    return folder.replace("/", "\\") + "/vars/" + rest


def test_windows_wrote_backslashes_into_the_names_of_groups() -> None:
    root = "_layer_checkpoint_dependencies"
    content = weights(f"{root}/dense", f"{root}/dense_2", f"{root}/lstm", on_windows)
    check(rnnscope.load_model(archive(content)))
    check(rnnscope.load_model(source(json.dumps({**CONFIG, "keras_version": "2.13.1"}).encode()), source(content)))


def test_two_weights_at_one_place_are_refused() -> None:
    content = written({"layers\\dense/vars/0": A, "layers/dense/vars/0": B})
    with pytest.raises(UnreadableFile, match="at the same place"):
        rnnscope.load_model(archive(content))


@pytest.mark.parametrize("place", ["optimizer/vars/0", "layers/dropout/seed_generator/vars/0", "metrics/mean/vars/0"])
def test_what_belongs_to_training_does_not_count(place: str) -> None:
    def build(file: Any) -> None:
        for path, array in {"layers/dense/vars/0": A, "layers/dense/vars/1": numbers(2), place: numbers(3)}.items():
            file.create_dataset(path, data=array)

    small = functional(LAYERS[:2], [["x", 0, 0]], [["a", 0, 0]])
    model = rnnscope.load_model(source(json.dumps({**small, "keras_version": "2.15.0"}).encode()), source(hdf5(build)))
    assert model.parameters == 8


def test_a_weight_that_no_layer_asks_for_is_named() -> None:
    content = weights("layers/dense", "layers/dense_1", "layers/lstm")
    small = functional(LAYERS[:2], [["x", 0, 0]], [["a", 0, 0]])
    with pytest.raises(Unsupported, match="no layer here uses; found layers/dense_1"):
        rnnscope.load_model(source(json.dumps(small).encode()), source(content))


@pytest.mark.parametrize("kept", ["b", "a", "unheard_of"])
def test_weights_that_are_marked_as_another_layers_are_refused(kept: str) -> None:
    def build(file: Any) -> None:
        for path, array in {f"layers/{name}/vars/0": value for name, value in (("dense", A), ("dense_1", B))}.items():
            file.create_dataset(path, data=array)
            file.create_dataset(f"{path[:-1]}1", data=numbers(2))
        file["layers/dense/vars"].attrs["name"] = kept
        for path, array in LSTM.items():
            file.create_dataset(f"layers/lstm/{path}", data=array)

    if kept == "b":
        with pytest.raises(UnreadableFile, match="marked as another layer's; expected a, found b"):
            rnnscope.load_model(archive(hdf5(build), "3.9.0"))
    else:
        check(rnnscope.load_model(archive(hdf5(build), "3.9.0")))


def test_an_archive_that_is_really_hdf5_is_told_by_its_bytes(tmp_path: Path) -> None:
    example = Path(rnnscope.__file__).resolve().parents[2] / "assets" / "example" / "household.h5"
    renamed = tmp_path / "model.keras"
    renamed.write_bytes(example.read_bytes())
    assert rnnscope.load_model(renamed).parameters == 13_249


class Shards:
    """An index and its files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.map: dict[str, Any] = {
            "/layers/dense/vars": "w_00000.weights.h5",
            "/layers/dense_1/vars": ["w_00000.weights.h5", "w_00001.weights.h5"],
            "/layers/lstm/cell/vars": "w_00001.weights.h5",
        }
        one = {"layers/dense/vars/0": A, "layers/dense/vars/1": numbers(2), "layers/dense_1/vars/0": B}
        other = {"layers/dense_1/vars/1": numbers(2)} | {f"layers/lstm/{path}": array for path, array in LSTM.items()}
        (folder / "w_00000.weights.h5").write_bytes(written(one))
        (folder / "w_00001.weights.h5").write_bytes(written(other))

    def load(self, index: object = None) -> rnnscope.Model:
        (self.folder / "m.json").write_text(json.dumps({**CONFIG, "keras_version": "3.12.0"}))
        (self.folder / "w.weights.json").write_text(
            json.dumps({"metadata": {"total_size": 1}, "weight_map": self.map} if index is None else index)
        )
        return rnnscope.load_model(self.folder / "m.json", self.folder / "w.weights.json")

    def refused(self, kind: type[RnnscopeError], match: str, index: object = None) -> None:
        with pytest.raises(kind, match=match):
            self.load(index)


@pytest.fixture
def shards(tmp_path: Path) -> Shards:
    return Shards(tmp_path)


def test_weights_in_several_files_are_one_whole(shards: Shards) -> None:
    check(shards.load())


def test_a_model_without_weights_has_an_index_without_files(shards: Shards) -> None:
    config = {"layers": [{"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 3]}}]}
    config["layers"].append({"class_name": "Softmax", "config": {"name": "softmax"}})
    (shards.folder / "a.json").write_text(json.dumps({"class_name": "Sequential", "config": config}))
    (shards.folder / "a.weights.json").write_text(json.dumps({"metadata": {"total_size": 0}, "weight_map": {}}))
    assert rnnscope.load_model(shards.folder / "a.json", shards.folder / "a.weights.json").parameters == 0
    shards.refused(UnreadableFile, "missing", {"weight_map": {}})


@pytest.mark.parametrize(
    "name",
    [
        "../w_00000.weights.h5", "/etc/w.weights.h5", "a/w.weights.h5", "a\\w.weights.h5", "c:w.weights.h5",
        "w_00000.h5", ".weights.h5", "..weights.h5", "", "w.weights.h5\0", "//host/w.weights.h5",
    ],
)  # fmt: skip
def test_a_shard_that_may_lie_elsewhere_is_refused(shards: Shards, name: str) -> None:
    shards.map["/layers/dense/vars"] = name
    shards.refused(UnreadableFile, "may lie elsewhere")


def test_a_shard_that_is_a_link_is_refused(shards: Shards) -> None:
    shard = shards.folder / "w_00000.weights.h5"
    shard.rename(shards.folder / "real.weights.h5")
    shard.symlink_to(shards.folder / "real.weights.h5")
    shards.refused(UnreadableFile, "is a link")


def test_a_shard_that_is_missing_is_named(shards: Shards) -> None:
    (shards.folder / "w_00001.weights.h5").unlink()
    shards.refused(UnreadableFile, r"w_00001\.weights\.h5: there is no such file")


@pytest.mark.parametrize("index", [
    {"weight_map": None}, {"weight_map": []},
    {"weight_map": {"/a": 3}}, {"weight_map": {"/a": [None]}},
    {"weight_map": {f"/{n}": f"{n}.weights.h5" for n in range(2_000)}},
])  # fmt: skip
def test_an_unusable_index_is_refused(shards: Shards, index: object) -> None:
    shards.refused(UnreadableFile, "index of the weights", index)


def test_an_index_of_nothing_lacks_the_weights_that_the_model_has(shards: Shards) -> None:
    shards.refused(UnreadableFile, "weight 'kernel' is missing", {"weight_map": {}})


def test_shards_are_read_from_a_folder_only(shards: Shards) -> None:
    shards.load()
    index = read_source(shards.folder / "w.weights.json")
    with pytest.raises(UnreadableFile, match="from their folder only"):
        rnnscope.load_model(shards.folder / "m.json", source(index.data, "w.weights.json"))
