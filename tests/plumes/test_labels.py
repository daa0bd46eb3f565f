from __future__ import annotations

import numpy as np
import pytest

from so2plumes.plumes.labels import FLAG_LABELS, label_plume


def flags(**counts):
    return np.repeat([int(name[1:]) for name in counts], list(counts.values())).astype("u1")


@pytest.mark.parametrize("flag", range(5))
def test_a_plume_of_one_flag_has_its_name(flag):
    label = label_plume(np.full(7, flag, "u1"))
    assert label.name == FLAG_LABELS[flag]
    assert label.fractions[flag] == 1.0


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (flags(f2=4, f1=1), "combined"),
        (flags(f2=12, f0=3), "combined"),
        (flags(f2=81, f1=19), "volcanic"),
        (flags(f0=9, f3=1), "none"),
        (flags(f1=5, f2=5), "combined"),
    ],
)
def test_more_than_80_percent_must_agree(found, name):
    assert label_plume(found).name == name


def test_fractions_are_shares_of_the_flagged_pixels():
    label = label_plume(flags(f0=1, f1=2, f2=3, f3=4, f4=6))
    assert label.fractions == pytest.approx([1 / 16, 2 / 16, 3 / 16, 4 / 16, 6 / 16])
    assert sum(label.fractions) == pytest.approx(1.0)


def test_fill_is_left_out():
    label = label_plume(flags(f2=9, f1=1, f255=40))
    assert label.name == "volcanic"
    assert label.fractions == pytest.approx((0.0, 0.1, 0.9, 0.0, 0.0))


@pytest.mark.parametrize("found", [None, np.empty(0, "u1"), np.full(8, 255, "u1")])
def test_without_flags_the_label_is_unavailable(found):
    label = label_plume(found)
    assert label.name == "unavailable"
    assert np.isnan(label.fractions).all()


def test_the_share_is_configurable():
    assert label_plume(flags(f2=7, f1=3), threshold=0.6).name == "volcanic"
