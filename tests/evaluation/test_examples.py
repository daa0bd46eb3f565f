"""Examples and the file that keeps them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from so2plumes.errors import TableError
from so2plumes.evaluation.examples import KINDS, Example, read_examples, write_examples


def example(shape=(4, 6), kind="missed", truth=True, **changed) -> Example:
    z = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    z[0, 0] = np.nan
    facts = {"title": "a plume", "granule": "S5P_x", "note": "3 sigma"} | changed
    return Example(kind=kind, z=z, plume=z > 2, truth=z > 3 if truth else None, **facts)


def assert_same(one: Example, other: Example) -> None:
    for name in ("kind", "title", "granule", "note"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("z", "plume", "truth"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_examples_of_different_shapes_come_back_in_order(tmp_path):
    written = [example(), example((30, 2), "real", truth=False), example((1, 1), "false", title='<"é" | 日>')]
    write_examples(tmp_path / "examples.npz", written)
    read = read_examples(tmp_path / "examples.npz")
    assert len(read) == 3
    for one, other in zip(written, read, strict=True):
        assert_same(one, other)
        assert (other.z.dtype, other.plume.dtype) == (np.float32, bool)
    assert read[1].truth is None
    assert read[0].truth.dtype == bool


def test_no_examples_make_a_file_that_is_read(tmp_path):
    write_examples(tmp_path / "none.npz", [])
    assert read_examples(tmp_path / "none.npz") == []


@settings(max_examples=25, deadline=None)
@given(data=st.data(), shape=array_shapes(min_dims=2, max_dims=2, max_side=6), kind=st.sampled_from(KINDS))
def test_any_example_survives_the_file(tmp_path_factory, data, shape, kind):
    text = st.text(max_size=12)
    made = Example(
        kind=kind,
        title=data.draw(text),
        z=data.draw(arrays(np.float32, shape)),
        plume=data.draw(arrays(bool, shape)),
        truth=data.draw(st.none() | arrays(bool, shape)),
        granule=data.draw(text),
        note=data.draw(text),
    )
    path = tmp_path_factory.mktemp("examples") / "one.npz"
    write_examples(path, [made])
    assert_same(made, read_examples(path)[0])


def test_a_rewritten_file_leaves_nothing_beside_it(tmp_path):
    for count in (3, 1):
        write_examples(tmp_path / "examples.npz", [example()] * count)
    assert [path.name for path in tmp_path.iterdir()] == ["examples.npz"]
    assert len(read_examples(tmp_path / "examples.npz")) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "odd"}, "no known kind"),
        ({"plume": np.zeros((4, 5), bool)}, "do not fit"),
        ({"truth": np.zeros((5, 6), bool)}, "do not fit"),
        ({"z": np.zeros(6, np.float32), "plume": np.zeros(6, bool), "truth": None}, "do not fit"),
        ({"z": np.zeros((0, 6)), "plume": np.zeros((0, 6), bool), "truth": None}, "do not fit"),
    ],
)
def test_an_example_that_cannot_be_drawn_is_refused(changed, said):
    good = example()
    parts = {name: getattr(good, name) for name in good.__dataclass_fields__}
    with pytest.raises(TableError, match=said):
        Example(**parts | changed)


def test_a_file_cut_short_is_named(tmp_path):
    path = tmp_path / "examples.npz"
    write_examples(path, [example()])
    whole = path.read_bytes()
    for content in (whole[:-100], b"", b"not an archive"):
        path.write_bytes(content)
        with pytest.raises(TableError, match=r"examples\.npz"):
            read_examples(path)


def test_a_file_that_lacks_an_array_is_named(tmp_path):
    path = tmp_path / "examples.npz"
    write_examples(path, [example()])
    with np.load(path) as stored:
        kept = {name: stored[name] for name in stored if name != "z_0"}
    np.savez(path, **kept)
    with pytest.raises(TableError, match="z_0"):
        read_examples(path)
    with pytest.raises(TableError, match="absent"):
        read_examples(tmp_path / "absent.npz")
