from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from rnnscope.errors import ShapeMismatch, UnreadableFile
from rnnscope.reading import hdf5 as module
from rnnscope.reading import hdf5_storage
from rnnscope.reading.hdf5 import Hdf5File, open_hdf5
from tests.core.reading.crafted import FILE, hdf5

VALUES = np.arange(600, dtype=np.float32).reshape(20, 30)
HUGE = 2**40


def opened(build: Callable[[Any], object]) -> Hdf5File:
    return open_hdf5(hdf5(build), FILE)


def refused(build: Callable[[Any], object], path: str = "x", match: str = ".") -> None:
    """Reading `path` and walking to it is refused in one line that names the file."""
    with opened(build) as file, pytest.raises(UnreadableFile, match=match) as caught:
        file.read(path)
    assert str(caught.value).startswith(f"{FILE}: ")
    assert "\n" not in str(caught.value)


def test_plugins_are_off_before_h5py_is_imported() -> None:
    assert os.environ["HDF5_PLUGIN_PRELOAD"] == "::"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (7, 30)},
        {"compression": "gzip"},
        {"compression": "gzip", "shuffle": True},
        {"fletcher32": True},
        {"compression": "gzip", "shuffle": True, "fletcher32": True, "chunks": (20, 11)},
    ],
)
def test_the_storage_that_keras_and_we_write_is_read(options: dict[str, Any]) -> None:
    with opened(lambda f: f.create_dataset("a/x", data=VALUES, **options)) as file:
        np.testing.assert_array_equal(file.read("a/x", (20, 30)), VALUES)
        assert file.shape("a/x") == (20, 30)
        assert list(file.datasets()) == ["a/x"]


@pytest.mark.parametrize("dtype", [">f4", "<f8", ">i2", "u1", "<i8", "f2"])
def test_numbers_of_any_byte_order_come_back_native(dtype: str) -> None:
    given = np.array([0, 1, 2, 100], dtype)
    with opened(lambda f: f.create_dataset("x", data=given)) as file:
        found = file.read("x")
    np.testing.assert_array_equal(found, given)
    assert found.dtype.isnative
    assert found.dtype == given.dtype.newbyteorder("=")


def test_booleans_are_read_as_booleans() -> None:
    with opened(lambda f: f.create_dataset("x", data=np.array([True, False]))) as file:
        found = file.read("x")
    assert found.dtype == np.bool_
    assert found.tolist() == [True, False]


def test_an_enumeration_that_is_not_boolean_is_refused() -> None:
    kind = h5py.enum_dtype({"red": 0, "green": 1}, basetype="i")
    refused(lambda f: f.create_dataset("x", data=np.array([0, 1]), dtype=kind), match="type")


def test_bfloat16_is_widened_marked_or_not() -> None:
    halves = (np.array([1.5, -2.0], np.float32).view(np.uint32) >> 16).astype("<u2").view("V2")

    def marked(file: Any) -> None:
        file.create_dataset("x", data=halves).attrs["dtype"] = "bfloat16"
        file.create_dataset("y", data=halves)

    with opened(marked) as file:
        assert file.read("x").tolist() == file.read("y").tolist() == [1.5, -2.0]


def test_opaque_bytes_of_another_size_are_refused() -> None:
    refused(lambda f: f.create_dataset("x", data=np.zeros(6, np.uint8).view("V3")), match=r"\|V3")


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (h5py.SoftLink("/real"), "soft"),
        (h5py.SoftLink("/nowhere"), "dangling"),
        (h5py.ExternalLink("/etc/passwd", "/"), "external"),
    ],
)
def test_links_other_than_hard_ones_are_refused(link: object, target: str) -> None:
    def build(file: Any) -> None:
        file["real"] = VALUES
        file["x"] = link

    refused(build, match="link")
    with opened(build) as file, pytest.raises(UnreadableFile, match="link"):
        list(file.datasets())
    with opened(build) as file, pytest.raises(UnreadableFile, match="link"):
        file.has("x/below")


def test_a_second_hard_link_is_followed() -> None:
    def build(file: Any) -> None:
        file["real"] = VALUES
        file["x"] = file["real"]

    with opened(build) as file:
        np.testing.assert_array_equal(file.read("x"), VALUES)


def test_external_storage_is_refused_and_the_other_file_stays_unread(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(VALUES.tobytes())

    def build(file: Any) -> None:
        file.create_dataset("x", VALUES.shape, VALUES.dtype, external=[(str(secret), 0, VALUES.nbytes)])

    refused(build, match="another file")
    with opened(build) as file, pytest.raises(UnreadableFile, match="another file"):
        file.shape("x")


def test_a_virtual_dataset_is_refused() -> None:
    layout = h5py.VirtualLayout((20, 30), np.float32)
    layout[:] = h5py.VirtualSource("elsewhere.h5", "x", (20, 30))
    refused(lambda f: f.create_virtual_dataset("x", layout), match="another file")


def test_references_are_refused() -> None:
    def objects(file: Any) -> None:
        file["real"] = VALUES
        file.create_dataset("x", (1,), h5py.ref_dtype)[0] = file["real"].ref

    def regions(file: Any) -> None:
        file["real"] = VALUES
        file.create_dataset("x", (1,), h5py.regionref_dtype)[0] = file["real"].regionref[0:2]

    refused(objects, match="type")
    refused(regions, match="type")


@pytest.mark.parametrize(
    "data",
    [
        np.zeros(3, [("a", "f4"), ("b", "i4")]),
        np.array([b"text"]),
        np.zeros(3, np.complex64),
        np.zeros(2, "V8"),
    ],
    ids=["compound", "text", "complex", "opaque"],
)
def test_what_is_not_a_number_is_refused(data: np.ndarray[Any, Any]) -> None:
    refused(lambda f: f.create_dataset("x", data=data), match="type")


def test_texts_and_ragged_rows_are_refused_as_numbers() -> None:
    refused(lambda f: f.create_dataset("x", data="text", dtype=h5py.string_dtype()), match="type")
    refused(lambda f: f.create_dataset("x", (2,), h5py.vlen_dtype(np.float32)), match="type")


@pytest.mark.parametrize(
    "options", [{"compression": "lzf"}, {"scaleoffset": 2}, {"compression": "szip"}], ids=["lzf", "scaleoffset", "szip"]
)
def test_other_filters_are_refused(options: dict[str, Any]) -> None:
    if options.get("compression") == "szip" and not h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
        pytest.skip("this h5py cannot write szip")
    refused(lambda f: f.create_dataset("x", data=VALUES, **options), match="filter")


@pytest.mark.parametrize("options", [{}, {"chunks": (2**20,)}, {"chunks": (2**20,), "compression": "gzip"}])
def test_a_small_file_that_declares_terabytes_is_refused(options: dict[str, Any]) -> None:
    built = hdf5(lambda f: f.create_dataset("x", (HUGE,), np.float32, **options))
    assert len(built) < 10_000
    with open_hdf5(built, FILE) as file, pytest.raises(UnreadableFile, match="declares"):
        file.read("x")


def test_a_shape_other_than_the_expected_one_is_refused_before_reading() -> None:
    with opened(lambda f: f.create_dataset("x", (HUGE,), np.float32)) as file, pytest.raises(ShapeMismatch) as caught:
        file.read("x", (3, 4))
    assert caught.value.expected == (3, 4)


def test_a_dataset_that_lacks_some_of_its_chunks_is_refused() -> None:
    def build(file: Any) -> None:
        file.create_dataset("x", (40, 30), np.float32, chunks=(20, 30), compression="gzip")[:20] = (
            np.random.default_rng(1).normal(size=(20, 30))
        )

    refused(build, match="lacks|declares")


def test_a_chunk_that_inflates_beyond_its_size_is_refused() -> None:
    import zlib

    def build(file: Any) -> None:
        dataset = file.create_dataset("x", (1000,), np.uint8, chunks=(1000,), compression="gzip")
        dataset.id.write_direct_chunk((0,), zlib.compress(bytes(64 * 2**20)))

    refused(build, match="inflates")


def test_chunks_much_larger_than_the_data_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(file: Any) -> None:
        file.create_dataset("x", data=np.zeros(4), chunks=(1000,), maxshape=(None,), compression="gzip")

    with opened(build) as file:
        assert file.read("x").tolist() == [0, 0, 0, 0]
    monkeypatch.setattr(hdf5_storage, "MAX_CHUNK", 7999)
    refused(build, match="in chunks of 8,000")


def test_a_chunk_that_does_not_inflate_is_refused() -> None:
    def build(file: Any) -> None:
        dataset = file.create_dataset("x", (1000,), np.uint8, chunks=(1000,), compression="gzip")
        dataset.id.write_direct_chunk((0,), b"not a deflate stream" * 10)

    refused(build)


def test_all_datasets_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(file: Any) -> None:
        file["x"], file["y"] = VALUES, VALUES

    monkeypatch.setattr(module, "MAX_TOTAL", 3 * VALUES.nbytes // 2)
    with opened(build) as file:
        file.read("x")
        file.read("x")
        with pytest.raises(UnreadableFile, match="too much data"):
            file.read("y")


def test_an_empty_dataset_is_refused_and_one_without_rows_is_read() -> None:
    refused(lambda f: f.create_dataset("x", data=h5py.Empty("f4")), match="empty")
    with opened(lambda f: f.create_dataset("x", (0, 3), np.float32)) as file:
        assert file.read("x").shape == (0, 3)


def test_a_scalar_is_read() -> None:
    with opened(lambda f: f.create_dataset("x", data=np.float32(2.5))) as file:
        assert file.read("x", ()) == 2.5


def test_groups_that_contain_themselves_are_walked_once() -> None:
    def build(file: Any) -> None:
        group = file.create_group("a")
        group["x"] = VALUES
        group["itself"] = group
        group["root"] = file["/"]

    with opened(build) as file:
        assert list(file.datasets()) == ["a/x"]


def nested(depth: int) -> Callable[[Any], object]:
    return lambda f: f.create_dataset("/".join(["g"] * depth + ["x"]), data=VALUES)


def test_groups_may_be_nested_so_far_and_no_further() -> None:
    with opened(nested(module.MAX_DEPTH)) as file:
        assert len(list(file.datasets())) == 1
    with opened(nested(module.MAX_DEPTH + 1)) as file, pytest.raises(UnreadableFile, match="deeply"):
        list(file.datasets())


def test_the_number_of_objects_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(file: Any) -> None:
        for number in range(6):
            file.create_group(f"g{number}/inner")

    with opened(build) as file:
        assert list(file.datasets()) == []
    monkeypatch.setattr(module, "MAX_OBJECTS", 10)
    with opened(build) as file, pytest.raises(UnreadableFile, match="too many"):
        list(file.datasets())
    monkeypatch.setattr(module, "MAX_OBJECTS", 5)
    with opened(build) as file, pytest.raises(UnreadableFile, match="too many"):
        file.names("/")


def test_names_are_bounded_and_do_not_climb() -> None:
    with opened(lambda f: f.create_group("n" * module.MAX_NAME)) as file:
        assert file.has("n" * module.MAX_NAME)
        for path in ("n" * (module.MAX_NAME + 1), f"{'n' * module.MAX_NAME}/../b", "./a"):
            with pytest.raises(UnreadableFile, match="unusable name"):
                file.has(path)


def test_what_is_not_there_is_said_to_be_missing() -> None:
    with opened(lambda f: f.create_dataset("a/x", data=VALUES)) as file:
        assert all(file.has(path) for path in ("a", "/a/x", "/"))
        assert not any(file.has(path) for path in ("b", "a/x/deeper"))
        assert [file.is_group(path) for path in ("a", "a/x", "b")] == [True, False, False]
        assert file.names("a") == ("x",)
        with pytest.raises(UnreadableFile, match="has no 'b'"):
            file.read("b")
        with pytest.raises(UnreadableFile, match="not a dataset"):
            file.read("a")
        with pytest.raises(UnreadableFile, match="not a group"):
            file.names("a/x")


def attributes(**values: Any) -> Hdf5File:
    def build(file: Any) -> None:
        for name, value in values.items():
            file.attrs[name] = value

    return opened(build)


def test_attributes_come_back_as_text_numbers_and_lists() -> None:
    file = attributes(
        text="Größe",
        fixed=np.bytes_(b"gru"),
        number=3,
        real=0.5,
        flag=np.bool_(True),
        names=np.array([b"a", b"b"]),
        variable=np.array(["c", "d"], h5py.string_dtype()),
        numbers=np.arange(3),
    )
    expected = {
        "text": "Größe",
        "fixed": "gru",
        "number": 3,
        "real": 0.5,
        "flag": True,
        "names": ["a", "b"],
        "variable": ["c", "d"],
        "numbers": [0, 1, 2],
    }
    with file:
        assert {name: file.attribute("/", name) for name in expected} == expected
        assert file.attribute("/", "absent") is None


def test_a_layer_without_weights_has_an_empty_list_of_names() -> None:
    with attributes(weight_names=np.array([], np.float64)) as file:
        assert file.attribute("/", "weight_names") == []


def test_an_attribute_without_a_value_counts_as_absent() -> None:
    with attributes(name=h5py.Empty("S1")) as file:
        assert file.attribute("/", "name") is None


def test_a_list_that_keras_split_over_several_attributes_comes_back_joined() -> None:
    with attributes(names0=np.array([b"a", b"b"]), names1=np.array([b"c"]), names3=np.array([b"z"])) as file:
        assert file.attribute("/", "names") == ["a", "b", "c"]


def test_a_split_list_whose_part_is_no_list_is_refused() -> None:
    with attributes(names0=np.array([b"a"]), names1="b") as file, pytest.raises(UnreadableFile, match="not a list"):
        file.attribute("/", "names")


@pytest.mark.parametrize(
    "value",
    [np.zeros(2, [("a", "f4")]), np.zeros(2, np.complex64), b"\xff\xfe", np.array([b"\xff"])],
    ids=["compound", "complex", "not UTF-8", "list not UTF-8"],
)
def test_attributes_of_other_kinds_are_refused(value: Any) -> None:
    with attributes(name=value) as file, pytest.raises(UnreadableFile, match="attribute name"):
        file.attribute("/", "name")


def test_a_reference_as_an_attribute_is_refused() -> None:
    def build(file: Any) -> None:
        file.attrs.create("name", file["/"].ref, dtype=h5py.ref_dtype)

    with opened(build) as file, pytest.raises(UnreadableFile, match="type"):
        file.attribute("/", "name")


def test_a_huge_attribute_is_refused() -> None:
    def build(file: Any) -> None:
        file.attrs.create("name", "x", dtype=h5py.string_dtype(length=module.MAX_TEXT + 1))

    stream = hdf5_with_latest_format(build)
    with open_hdf5(stream, FILE) as file, pytest.raises(UnreadableFile, match=r"too large|cannot be read"):
        file.attribute("/", "name")


def hdf5_with_latest_format(build: Callable[[Any], object]) -> bytes:
    """Attributes beyond 64 KiB need the dense storage of newer files."""
    import io

    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest", track_order=True) as file:
        build(file)
    return stream.getvalue()


def test_many_names_for_one_long_text_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TEXTS", 100_000)
    texts = np.array(["t" * 20_000] * 50, object)

    def build(file: Any) -> None:
        file.attrs.create("name", texts, dtype=h5py.string_dtype())

    with opened(build) as file, pytest.raises(UnreadableFile, match="too long"):
        file.attribute("/", "name")


def test_a_text_dataset_is_read_and_a_number_is_not_taken_for_text() -> None:
    def build(file: Any) -> None:
        file.create_dataset("text", data="läuft", dtype=h5py.string_dtype())
        file.create_dataset("fixed", data=np.bytes_(b"fixed"))
        file["number"] = 3.0
        file.create_dataset("several", data=["a", "b"], dtype=h5py.string_dtype())

    with opened(build) as file:
        assert file.read_text("text") == "läuft"
        assert file.read_text("fixed") == "fixed"
        for path in ("number", "several"):
            with pytest.raises(UnreadableFile, match="scalar text"):
                file.read_text(path)


@pytest.mark.parametrize("cut", [8, 100, 700])
def test_a_truncated_file_is_called_damaged(cut: int) -> None:
    whole = hdf5(lambda f: f.create_dataset("x", data=VALUES))
    with pytest.raises(UnreadableFile, match="damaged"):
        open_hdf5(whole[:cut], FILE)
