import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from so2plumes.errors import TableError
from so2plumes.evaluation.limits import PAPER_LIMIT_KG_H, Condition, counted_trials, detection_limits, summarise
from so2plumes.evaluation.pod_bins import calibration, empirical_curves, fitted_lines, groups_of, rate_edges, wind_name
from so2plumes.evaluation.pod_model import DetectionModel, fit_model

SLOPE = 5.0
TRUE = {
    "emission_kg_h": SLOPE,
    "wind_speed_m_s": -0.8 * SLOPE,
    "noise_du": -1.2 * SLOPE,
    "edge": -0.3 * SLOPE,
    "background 3 DU": -0.2 * SLOPE,
}
HALF_AT_1_M_S_KG_H = 5_000.0
TRUTH = DetectionModel(-SLOPE * np.log10(HALF_AT_1_M_S_KG_H), TRUE)


def true_limit_kg_h(wind_m_s: float, noise_du: float, background_du: float, edge: bool, pod: float) -> float:
    logit = np.log(pod / (1 - pod))
    steps = 0.3 * edge + 0.2 * (background_du == 3.0)
    return HALF_AT_1_M_S_KG_H * wind_m_s**0.8 * noise_du**1.2 * 10.0 ** (steps + logit / SLOPE)


def drawn_trials(seed: int = 0, n: int = 4000, granule_spread: float = 0.0, n_granules: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    granule = rng.integers(n_granules, size=n)
    table = pd.DataFrame(
        {
            "emission_kg_h": 10.0 ** rng.uniform(2.0, 5.5, n),
            "wind_speed_m_s": 10.0 ** rng.uniform(0.0, 1.17, n),
            "noise_du": 10.0 ** rng.uniform(-0.3, 0.3, n),
            "background_du": rng.choice([0.0, 3.0], n),
            "edge": rng.random(n) < 0.3,
            "granule": [f"granule_{number:03d}" for number in granule],
            "archive": "made",
            "skipped": False,
        }
    )
    shift = granule_spread * rng.normal(size=n_granules)[granule]
    logit = np.log(TRUTH.probability(table) / (1.0 - TRUTH.probability(table)))
    table["found"] = rng.random(n) < 1.0 / (1.0 + np.exp(-(logit + shift)))
    return table


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    return drawn_trials()


@pytest.fixture(scope="module")
def summary(trials):
    return summarise(trials, resamples=40)


def test_the_model_gives_half_where_the_formula_does():
    table = pd.DataFrame([{"wind_speed_m_s": 4.0, "noise_du": 1.5, "background_du": 3.0, "edge": True}])
    for pod in (0.1, 0.5, 0.9):
        rate = TRUTH.emission_kg_h(table, pod)[0]
        assert rate == pytest.approx(true_limit_kg_h(4.0, 1.5, 3.0, True, pod))
        assert TRUTH.probability(table.assign(emission_kg_h=rate))[0] == pytest.approx(pod)


def test_the_fit_recovers_the_known_coefficients(trials):
    model = fit_model(trials)
    assert set(model.coefficients) == set(TRUE)
    for name, value in TRUE.items():
        assert model.coefficients[name] == pytest.approx(value, abs=0.7), name
    assert model.slope == pytest.approx(SLOPE, rel=0.1)


def test_the_limits_are_the_known_ones_within_their_intervals(trials):
    result = detection_limits(trials, np.random.default_rng(1))
    inside = 0
    for limit in result.limits:
        at, rate = limit.condition, limit.emission_kg_h
        truth = true_limit_kg_h(at.wind_speed_m_s, at.noise_du, at.background_du, at.edge, limit.pod)
        assert rate.value == pytest.approx(truth, rel=0.2)
        assert rate.low < rate.value < rate.high < 1.6 * rate.low
        inside += rate.low <= truth <= rate.high
    assert len(result.limits) == 3 * 2 * 2 * 2
    assert inside >= 0.75 * len(result.limits)


def test_the_intervals_hold_the_truth_in_most_experiments():
    held = 0
    for seed in range(20):
        result = detection_limits(drawn_trials(seed, n=800, granule_spread=1.0), np.random.default_rng(seed), 60)
        limit = next(item for item in result.limits if item.condition.wind_speed_m_s == 5.0 and item.pod == 0.5)
        at = limit.condition
        truth = true_limit_kg_h(5.0, at.noise_du, at.background_du, at.edge, 0.5)
        # granules that differ flatten the curve but leave the middle where it is
        held += limit.emission_kg_h.low <= truth <= limit.emission_kg_h.high
    assert held >= 16


def test_trials_of_one_granule_are_not_independent():
    same = drawn_trials(3, n=1500, granule_spread=3.0, n_granules=25)
    apart = same.assign(granule=[f"g{i}" for i in range(len(same))])

    def width(table):
        limits = detection_limits(table, np.random.default_rng(0), 100).limits
        return np.nanmean(
            [np.log(item.emission_kg_h.high / item.emission_kg_h.low) for item in limits if item.pod == 0.5]
        )

    assert width(same) > 1.5 * width(apart)


def test_the_conditions_are_the_stated_ones_with_the_median_noise(trials):
    limits = detection_limits(trials, np.random.default_rng(0), 20).limits
    noise = {edge: trials.loc[trials["edge"] == edge, "noise_du"].median() for edge in (False, True)}
    expected = {
        Condition(wind, level, edge, noise[edge])
        for wind in (2.0, 5.0, 10.0)
        for level in (0.0, 3.0)
        for edge in (False, True)
    }
    assert {limit.condition for limit in limits} == expected
    calm = trials[trials["wind_speed_m_s"] < 7.0]
    winds = {item.condition.wind_speed_m_s for item in detection_limits(calm, np.random.default_rng(0), 5).limits}
    assert winds == {2.0, 5.0}


def test_what_was_not_tried_is_left_out(trials):
    part = trials[~trials["edge"] & (trials["background_du"] == 0.0)]
    found = summarise(part, resamples=20)
    assert {row["edge"] for row in found["limits"]} == {False}
    assert {row["background_du"] for row in found["limits"]} == {0.0}
    assert set(found["fit"]["coefficients"]) == {"emission_kg_h", "wind_speed_m_s", "noise_du"}


def test_no_limit_is_given_beyond_the_tried_rates(trials):
    low = trials[trials["emission_kg_h"] < 20_000.0]
    rates = [row["emission_kg_h"] for row in summarise(low, resamples=20)["limits"]]
    assert None in rates
    assert max(rate for rate in rates if rate is not None) <= 20_000.0
    high = trials[trials["emission_kg_h"] > 2.0 * PAPER_LIMIT_KG_H]
    assert summarise(high, resamples=5)["paper_limit"] == []


def test_the_summary_is_json_and_the_same_for_the_same_seed(trials, summary):
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summarise(trials, resamples=40) == summary
    other = summarise(trials, seed=2, resamples=40)
    assert other["curves"] == summary["curves"]
    assert other["limits"] != summary["limits"]


def test_powers_and_factors_say_what_moves_the_limit(summary):
    assert summary["fit"]["powers"]["wind_speed_m_s"] == pytest.approx(0.8, abs=0.1)
    assert summary["fit"]["powers"]["noise_du"] == pytest.approx(1.2, abs=0.15)
    assert summary["fit"]["factors"]["edge"] == pytest.approx(10**0.3, rel=0.15)
    assert summary["fit"]["factors"]["background 3 DU"] == pytest.approx(10**0.2, rel=0.15)


def test_a_right_model_is_calibrated_and_a_wrong_one_is_not(trials, summary):
    assert summary["fit"]["calibration_error"] < 0.02
    covered = [row["observed_low"] <= row["predicted"] <= row["observed_high"] for row in summary["fit"]["calibration"]]
    assert sum(covered) >= 8
    found = trials["found"].to_numpy()
    steeper = calibration(np.clip(1.5 * TRUTH.probability(trials), 0, 1), found)
    assert any(not row["observed_low"] <= row["predicted"] <= row["observed_high"] for row in steeper)


def test_the_pod_at_the_papers_limit_is_the_known_one(summary):
    for row in summary["paper_limit"]:
        assert row["emission_kg_h"] == PAPER_LIMIT_KG_H
        place = {name: row[name] for name in ("wind_speed_m_s", "noise_du", "background_du", "edge")}
        truth = TRUTH.probability(pd.DataFrame([{**place, "emission_kg_h": PAPER_LIMIT_KG_H}]))[0]
        assert row["pod"] == pytest.approx(truth, abs=0.01)
        assert row["low"] <= row["pod"] <= row["high"]


def test_skipped_trials_do_not_count(trials):
    spoiled = trials.copy()
    spoiled.loc[spoiled.index[:500], ["found", "skipped"]] = True
    found = summarise(spoiled, resamples=5)
    assert (found["trials"], found["skipped"]) == (len(trials) - 500, 500)
    assert sum(row["skipped"] for row in found["skipped_by_background"]) == 500
    assert sum(row["trials"] for row in found["skipped_by_background"]) == len(trials)
    assert found["curves"] == summarise(trials.iloc[500:], resamples=5)["curves"]
    assert len(counted_trials(spoiled)) == len(trials) - 500


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda table: table.iloc[:60], "too few"),
        (lambda table: table.iloc[:0], "too few"),
        (lambda table: table.assign(found=True), "Every plume is found"),
        (lambda table: table.assign(found=False), "No plume is found"),
        (lambda table: table.assign(found=table["emission_kg_h"] > 9_000.0), "straight line separates"),
    ],
)
def test_hopeless_trials_are_said_in_words(trials, spoil, words):
    spoiled = spoil(trials)
    found = summarise(spoiled)
    assert words in found["fit"]["text"]
    assert found["limits"] == found["paper_limit"] == found["lines"] == []
    assert bool(found["curves"]) == bool(len(spoiled))
    with pytest.raises(TableError):
        detection_limits(spoiled, np.random.default_rng(0))


def test_trials_in_which_the_rate_does_not_matter_have_no_limit(trials):
    upside_down = summarise(trials.assign(found=~trials["found"]), resamples=10)
    assert all(row["emission_kg_h"] is None for row in upside_down["limits"])


def test_a_background_over_which_nothing_is_found_leaves_the_others_their_limits(trials):
    blind = trials.assign(found=trials["found"] & (trials["background_du"] == 0.0))
    limits = summarise(blind, resamples=20)["limits"]
    assert all(row["emission_kg_h"] is None for row in limits if row["background_du"] == 3.0)
    clean = next(row for row in limits if row["background_du"] == 0.0 and not row["edge"] and row["pod"] == 0.5)
    truth = true_limit_kg_h(clean["wind_speed_m_s"], clean["noise_du"], 0.0, False, 0.5)
    assert clean["emission_kg_h"] == pytest.approx(truth, rel=0.2)


def test_the_groups_share_out_all_trials(trials, summary):
    counts = pd.DataFrame(summary["curves"]).groupby("by")[["trials", "found"]].sum()
    assert list(counts.index) == ["all", "archive", "background", "edge", "wind"]
    assert (counts["trials"] == len(trials)).all()
    assert (counts["found"] == trials["found"].sum()).all()


def test_shares_in_bins_by_hand():
    table = pd.DataFrame(
        {
            "emission_kg_h": [150.0] * 10 + [1500.0] * 4,
            "found": [False] * 8 + [True] * 2 + [True] * 4,
            "background_du": 0.0,
            "wind_speed_m_s": 2.0,
            "edge": False,
            "archive": "a",
        }
    )
    rows = [row for row in empirical_curves(table) if row["by"] == "all"]
    assert [(row["trials"], row["found"], row["pod"]) for row in rows] == [(10, 2, 0.2), (4, 4, 1.0)]
    # Wilson's interval of 2 of 10, Newcombe (1998)
    assert (rows[0]["pod_low"], rows[0]["pod_high"]) == pytest.approx((0.0567, 0.5098), abs=1e-3)
    assert (rows[0]["low_kg_h"], rows[0]["high_kg_h"]) == (100.0, 215.4)
    assert (rows[1]["low_kg_h"], rows[1]["high_kg_h"]) == (1000.0, 2154.0)


def test_lines_follow_the_model(trials):
    lines = fitted_lines(trials, TRUTH.probability)
    assert len(lines) == len(list(groups_of(trials)))
    everything = lines[0]
    assert (np.diff(everything["pod"]) >= 0.0).all()
    at = everything["emission_kg_h"][12]
    assert everything["pod"][12] == pytest.approx(TRUTH.probability(trials.assign(emission_kg_h=at)).mean(), abs=2e-4)
    calm, windy = (next(line for line in lines if line["of"] == of) for of in ("up to 3 m/s", "over 7 m/s"))
    assert calm["pod"][12] > windy["pod"][12]


def test_winds_have_names():
    assert [wind_name(0.0, 3.0), wind_name(3.0, 7.0), wind_name(7.0, np.inf)] == [
        "up to 3 m/s",
        "3 to 7 m/s",
        "over 7 m/s",
    ]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(1.0, 1e7), min_size=1, max_size=30))
def test_bins_hold_every_rate(rates):
    edges = rate_edges(pd.Series(rates))
    place = np.digitize(rates, edges)
    assert ((place >= 1) & (place < len(edges))).all()
    np.testing.assert_allclose(np.diff(np.log10(edges)), 1 / 3)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60),
)
def test_calibration_counts_every_trial_once(pairs):
    probability, found = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    rows = calibration(probability, found)
    assert sum(row["trials"] for row in rows) == len(pairs)
    assert sum(row["observed"] * row["trials"] for row in rows) == pytest.approx(found.sum(), abs=0.01)
    assert all(row["low"] <= row["predicted"] <= row["high"] for row in rows)
    assert all(row["observed_low"] <= row["observed"] <= row["observed_high"] for row in rows)


@settings(deadline=None, max_examples=50)
@given(st.floats(0.5, 20.0), st.floats(0.2, 4.0), st.booleans(), st.floats(0.05, 0.9), st.floats(0.01, 0.09))
def test_a_higher_probability_takes_a_higher_rate(wind, noise, edge, pod, more):
    table = pd.DataFrame([{"wind_speed_m_s": wind, "noise_du": noise, "background_du": 0.0, "edge": edge}])
    assert TRUTH.emission_kg_h(table, pod + more)[0] > TRUTH.emission_kg_h(table, pod)[0]
