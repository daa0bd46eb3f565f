"""What is drawn is what the tables hold."""

from __future__ import annotations

from dataclasses import replace

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.patches import Rectangle, StepPatch
from tests.figures.findings import NORILSK
from tests.report.made import make_chip

from so2plumes.dictionary import empty as empty_table
from so2plumes.figures import gallery, labels, outflow, scene, sources, style
from so2plumes.figures.catalogue import FIGURES, figure_named
from so2plumes.findings.sample import select_gallery


def points_of(axes) -> list[PathCollection]:
    return [part for part in axes.collections if isinstance(part, PathCollection)]


def test_a_map_a_year_holds_every_plume_coloured_by_its_day(campaign):
    figure = figure_named("fig04_map")
    data, drawn = figure.data(campaign), figure.draw(campaign)
    panels = [axes for axes in drawn.axes if points_of(axes)]
    assert [axes.get_title(loc="left")[:4] for axes in panels] == [str(year) for year in range(2019, 2025)]
    for axes, (_, part) in zip(panels, data.groupby("year"), strict=True):
        (points,) = points_of(axes)
        assert len(points.get_offsets()) == len(part)
        assert sorted(points.get_array()) == sorted(part["day_of_year"])
        assert f"{len(part):,}".replace(",", "\u202f") in axes.get_title(loc="left")
    assert len(data) == len(campaign.plumes)


def test_a_year_is_one_map_by_rate(at_180):
    drawn = figure_named("fig04_map").draw(at_180)
    shown = sum(len(points.get_offsets()) for points in points_of(drawn.axes[0]))
    assert shown == len(at_180.plumes) + 2 * len(at_180.clusters)


def test_days_sum_to_the_plumes_and_are_marked_as_in_the_table(campaign):
    figure = figure_named("fig05_daily_counts")
    data, drawn = figure.data(campaign), figure.draw(campaign)
    assert data.drop_duplicates("date")["n_plumes"].sum() == len(campaign.plumes)
    spikes = campaign.table("spikes")
    assert set(data["mark"].dropna()) == set(spikes["mark"])
    written = "\n".join(text.get_text() for axes in drawn.axes for text in axes.texts)
    for row in spikes.to_dict("records"):
        assert f"{row['mark']} {row['cause']} [{row['paper_mark']}]" in written
    (raikoke,) = [text for text in drawn.axes[0].texts if "Raikoke" in text.get_text()]
    assert mdates.num2date(raikoke.xy[0]).strftime("%Y-%m") == "2019-06"
    assert "A Raikoke [A]" in raikoke.get_text()


def test_marks_hide_no_bar_and_no_other_mark(campaign):
    drawn = figure_named("fig05_daily_counts").draw(campaign)
    drawn.draw_without_rendering()
    for axes in drawn.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
        days = {round(part[0][0]): part[1][1] for lines in axes.collections[:] if hasattr(lines, "get_segments")
                for part in lines.get_segments() if len(part) == 2}  # fmt: skip
        for text, box in zip(axes.texts, boxes, strict=True):
            (x0, y0), (x1, _) = axes.transData.inverted().transform([(box.x0, box.y0), (box.x1, box.y1)])
            below = [count for day, count in days.items() if x0 < day < x1]
            assert max(below, default=0) <= y0, text.get_text()


def test_days_without_tables_are_counted_from_the_coverage(campaign):
    bare = replace(campaign, science={})
    data = figure_named("fig05_daily_counts").data(bare)
    assert data["n_plumes"].sum() == len(campaign.plumes)
    assert data["baseline_n_plumes"].isna().all()
    assert figure_named("fig05_daily_counts").draw(bare).axes


def test_the_box_counts_its_plumes_and_hatches_what_was_not_observable(campaign):
    figure = figure_named("fig06_region_panel")
    data, drawn = figure.data(campaign), figure.draw(campaign)
    inside = NORILSK.holds(campaign.plumes["max_longitude"], campaign.plumes["max_latitude"])
    assert data["n_plumes"].sum() == inside.sum()
    hidden = data[~data["seen"]]
    assert set(pd.to_datetime(hidden["date"]).dt.month) == {2}
    assert (hidden["n_plumes"] == 0).all()
    months = next(axes for axes in drawn.axes if "per seen day" in axes.get_title(loc="left"))
    bars = [bar.get_height() for bar in months.containers[0]]
    month = pd.to_datetime(data["date"]).dt.month
    seen = data.groupby(month)["seen"].sum()
    assert bars == pytest.approx(data.groupby(month)["n_plumes"].sum() / seen.clip(lower=1))
    assert f"n = {inside.sum()} " in months.get_title(loc="left")


def test_a_box_that_was_never_seen_is_not_drawn(campaign):
    panel = campaign.table("region_panel").assign(n_plumes=0, observable_share=0.0)
    panel.attrs = campaign.table("region_panel").attrs
    inputs = replace(campaign, science={**campaign.science, "region_panel": panel})
    assert "Norilsk" in figure_named("fig06_region_panel").absent(inputs)


def test_eruptions_that_nobody_could_see_are_told_apart(campaign):
    eruptions = campaign.eruptions.assign(status="no_plume")
    eruptions.loc[eruptions["matched"], "status"] = "plume"
    eruptions = pd.concat([eruptions, eruptions.head(2).assign(matched=False, n_plumes=0, status="not_seen")])
    drawn = figure_named("fig08_eruptions").draw(replace(campaign, eruptions=eruptions.reset_index(drop=True)))
    words = [text.get_text() for text in drawn.legends[0].get_texts()]
    matched = int(campaign.eruptions["matched"].sum())
    assert words == [
        f"with a plume ({matched})",
        f"without ({len(campaign.eruptions) - matched})",
        "never observable (2)",
    ]


def test_the_longest_plume_is_shown_with_its_neighbours(at_180):
    chip = scene.longest_chip(at_180)
    assert chip.plume_id == "long"
    other = np.zeros(chip.shape, "u1")
    other[:3, :5] = 1
    near = replace(chip, fields=chip.fields | {"other_plume": other})
    inputs = replace(at_180, chips=[near])
    data = scene.scene_data(inputs)
    assert data["in_other_plume"].sum() == 15
    assert data["in_plume"].sum() == chip.mask.sum()
    title = scene.scene_figure(inputs).axes[0].get_title(loc="left")
    assert "length 240 km" in title
    assert "pixels around it, not the whole swath" in title


def test_a_cut_scene_says_so(at_180):
    chip = scene.longest_chip(at_180)
    cut = chip.mask.copy()
    cut[:, 0] = True
    inputs = replace(at_180, chips=[replace(chip, fields=chip.fields | {"mask": cut.astype("u1")})])
    assert "runs out of the image" in scene.scene_figure(inputs).axes[0].get_title(loc="left")
    short = replace(at_180, chips=[c for c in at_180.chips if c.plume_id == "short"])
    title = scene.scene_figure(short).axes[0].get_title(loc="left")
    assert "The longest plume of the period, 240 km, has no image" in title


def test_the_gallery_shows_chips_with_their_pixels(campaign):
    chips = gallery.gallery_chips(campaign)
    data = gallery.gallery_data(campaign)
    assert set(data["plume_id"]) == {chip.plume_id for chip in chips}
    assert data["in_plume"].sum() == sum(chip.mask.sum() for chip in chips)
    drawn = gallery.gallery_figure(campaign)
    titled = [axes for axes in drawn.axes if "\n" in axes.get_title(loc="left")]
    assert len(titled) == len(chips)


@pytest.mark.parametrize("size", [4, 30])
def test_the_gallery_has_the_size_asked_for(campaign, size):
    chip = campaign.chips[0]
    chosen = select_gallery(campaign.plumes, size)
    others = set(campaign.plumes["plume_id"]) - set(chosen)
    chips = [replace(chip, plume_id=name) for name in (*chosen, *sorted(others)[:2])]
    shown = gallery.gallery_chips(replace(campaign, chips=chips, gallery=size))
    assert [c.plume_id for c in shown] == chosen


NO_FORMULA = "a$\\frac{$"


def test_a_name_with_dollar_signs_is_no_formula(at_180):
    tables = {
        name: at_180.science[name].assign(**{column: NO_FORMULA})
        for name, column in (
            ("spikes", "cause"),
            ("cluster_history", "nearest_source"),
            ("eruption_plumes", "volcano_name"),
            ("region_panel", "region"),
            ("catalogue_sources", "name"),
        )
    }
    tables["region_panel"].attrs = at_180.science["region_panel"].attrs | {"name": NO_FORMULA}
    inputs = replace(
        at_180,
        clusters=at_180.clusters.assign(nearest_source=NO_FORMULA),
        eruptions=at_180.eruptions.assign(volcano_name=NO_FORMULA, matched=True),
        science=at_180.science | tables,
    )
    for figure in FIGURES:
        if not figure.absent(inputs):
            style.png_bytes(figure.draw(inputs), 50)
    style.png_bytes(style.sheet(NO_FORMULA), 50)


def test_the_worked_plume_has_its_mass(campaign):
    data, row = gallery.worked_data(campaign), gallery.worked_row(campaign)
    inside = data[data["in_plume"] & data["usable"]]
    assert inside["enhancement_kg"].sum() == pytest.approx(row["mass_kg"], rel=1e-4)


def test_labels_are_those_of_the_table(campaign):
    shares = labels.label_rows(campaign)
    drawn = figure_named("fig10_labels").draw(campaign)
    counts = [len(points.get_offsets()) for points in points_of(drawn.axes[0])]
    assert counts == shares["n_plumes"].tolist()
    bars = [bar.get_width() for bar in drawn.axes[1].patches]
    assert bars == pytest.approx(100 * shares["share"])
    data = figure_named("fig10_labels").data(campaign)
    assert (data["part"] == "plume").sum() == len(campaign.plumes)
    assert data.loc[data["part"] == "share", "share"].sum() == pytest.approx(1)


def test_plumes_without_enhancement_and_their_clusters(campaign):
    figure = figure_named("fig11_none_clusters")
    data, drawn = figure.data(campaign), figure.draw(campaign)
    clusters = campaign.table("none_clusters")
    assert (data["part"] == "cluster").sum() == len(clusters)
    plumes, overlapping, others = points_of(drawn.axes[0])
    assert len(plumes.get_offsets()) == (campaign.plumes["label"] == "none").sum()
    assert len(overlapping.get_offsets()) == clusters["overlaps"].sum()
    assert len(others.get_offsets()) == (~clusters["overlaps"]).sum()


def test_bins_hold_every_plume_with_a_value(campaign):
    data = figure_named("fig12_distributions").data(campaign)
    drawn = figure_named("fig12_distributions").draw(campaign)
    for axes, (column, part) in zip(drawn.axes, data.groupby("quantity", sort=False), strict=True):
        assert part["n_plumes"].sum() == campaign.plumes[column].notna().sum()
        (steps,) = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
        assert steps.get_data().values.tolist() == part["n_plumes"].tolist()
    assert data["unit"].unique().tolist() == ["kg h-1", "km", "1", "%"]


def test_rates_of_cells_sum_to_the_emission_of_the_inventory(campaign):
    data, attrs = figure_named("fig13_cumulative").data(campaign), campaign.table("edgar_curve").attrs
    assert data["emission_percent"].iloc[-1] == pytest.approx(100)
    cells = np.diff(data["cell_percent"] / 100 * attrs["n_cells"], prepend=0)
    assert (cells * data["cell_emission_kg_h"]).sum() == pytest.approx(attrs["total_emission_kg_h"])
    assert data["cell_by_mean_cell"].iloc[0] > 100


def test_an_older_curve_is_drawn_by_the_mean_cell(campaign):
    curve = campaign.table("edgar_curve").copy()
    curve.attrs = {name: value for name, value in curve.attrs.items() if name != "total_emission_kg_h"}
    inputs = replace(campaign, science={**campaign.science, "edgar_curve": curve})
    right = figure_named("fig13_cumulative").draw(inputs).axes[1]
    assert "by the mean of all cells" in right.get_ylabel()


def test_fluxes_are_those_of_the_histogram(campaign):
    data = figure_named("fig14_flux_histogram").data(campaign)
    drawn = figure_named("fig14_flux_histogram").draw(campaign)
    steps = [patch for patch in drawn.axes[0].patches if isinstance(patch, StepPatch)]
    for patch, quantity in zip(steps, ("edgar_centre", "plumes_centre", "plumes_centre_month"), strict=True):
        part = data[data["quantity"] == quantity]
        assert patch.get_data().values.tolist() == part["n_cells"].tolist()
    months = campaign.table("edgar_months")
    assert data.loc[data["quantity"] == "plumes_centre", "n_cells"].sum() == len(months)


def test_cells_of_the_inventory(campaign):
    figure = figure_named("fig15_cells_without_plume")
    table, axes = figure.data(campaign), figure.draw(campaign).axes[0]
    without, near = points_of(axes)
    assert len(without.get_offsets()) == (~table["has_plume"]).sum()
    assert len(near.get_offsets()) == table["has_plume"].sum()


def test_outflow_is_coloured_by_days_in_maps_of_their_own(campaign):
    data = outflow.outflow_data(campaign)
    drawn = outflow.outflow_figure(campaign)
    panels = [axes for axes in drawn.axes if len(points_of(axes)) == 2]
    assert len(panels) == data["panel"].nunique() <= outflow.MOST_ERUPTIONS
    for axes, (_, part) in zip(panels, data.groupby("panel"), strict=True):
        plumes, volcano = points_of(axes)
        assert sorted(plumes.get_array()) == pytest.approx(sorted(part["days_since_first_plume_d"]))
        assert part["days_since_first_plume_d"].min() == 0
        assert len(volcano.get_offsets()) == 1
        for places in (plumes.get_offsets(), volcano.get_offsets()):
            assert (np.abs(places[:, 0]) <= axes.get_xlim()[1] + 1e-9).all()
            assert (places[:, 1] >= axes.get_ylim()[0]).all()
            assert (places[:, 1] <= axes.get_ylim()[1]).all()
    assert set(data["volcano_name"]) >= {"Raikoke", "Hunga Tonga", "Taal"}
    assert data.groupby("panel")["date"].min().is_monotonic_increasing


def test_outflow_across_180_degrees_stays_together(at_180):
    data = outflow.outflow_data(at_180)
    assert np.ptp(data["longitude_deg"]) > 300
    (axes, *_) = [axes for axes in outflow.outflow_figure(at_180).axes if points_of(axes)]
    assert np.ptp(axes.get_xlim()) < 40


def test_outflow_without_spikes_shows_the_largest(at_180):
    inputs = replace(at_180, science={**at_180.science, "spikes": empty_table("spikes")})
    flows = at_180.table("eruption_plumes")
    assert len(outflow.outflow_data(inputs)) == flows["by_event"].sum()


def test_persistence_is_that_of_the_history_and_unseen_months_are_hatched(campaign):
    data = sources.history_data(campaign)
    drawn = sources.history_figure(campaign).axes[0]
    (mesh,) = [part for part in drawn.collections if isinstance(part, QuadMesh)]
    values = np.ma.masked_invalid(mesh.get_array()).reshape(sources.SHOWN_CLUSTERS, 72)
    wanted = data.pivot_table(index="rank", columns=["year", "month"], values="persistence_percent", dropna=False)
    assert np.ma.getmaskarray(values).sum() == wanted.isna().to_numpy().sum()
    assert values.compressed() == pytest.approx(wanted.to_numpy()[wanted.notna().to_numpy()])
    boxes = [patch for patch in drawn.patches if isinstance(patch, Rectangle)]
    assert len(boxes) == np.ma.getmaskarray(values).sum() > 0
    assert {int(box.get_x()) % 12 for box in boxes} == {1}


def test_shifts_point_from_the_upwind_end_to_the_maximum(at_180):
    data = sources.shift_data(at_180)
    assert np.hypot(data["east_km"], data["north_km"]).to_numpy() == pytest.approx(data["shift_km"])
    assert (data["east_km"] > 5).all()
    assert data["north_km"].abs().max() < 2


def test_ratios_hold_every_pair_of_the_tables(campaign):
    data = figure_named("catalogue_ratios").data(campaign)
    masses, rates = campaign.table("catalogue_eruptions"), campaign.table("catalogue_sources")
    assert data["part"].value_counts().to_dict() == {"eruption": len(masses), "source": len(rates)}
    left, right = figure_named("catalogue_ratios").draw(campaign).axes
    both = (masses["our_mass_kt"] > 0).sum()
    assert len(points_of(left)[0].get_offsets()) == both
    written = " ".join(text.get_text() for text in right.texts)
    assert f"median {rates['ratio'].median():.2g}" in written


def test_one_catalogue_alone_is_drawn(campaign):
    science = {name: table for name, table in campaign.science.items() if name != "catalogue_eruptions"}
    left, right = figure_named("catalogue_ratios").draw(replace(campaign, science=science)).axes
    assert "no catalogue of eruption masses" in left.texts[0].get_text()
    assert points_of(right)


def test_a_chip_that_cannot_be_laid_out_is_left_out(campaign):
    chip = make_chip("thin", 15.0, 37.0).chip
    thin = {name: field[:1, :1] for name, field in chip.fields.items() if "bounds" not in name}
    extent = {"scanline_stop": chip.scanline_start + 1, "ground_pixel_stop": chip.ground_pixel_start + 1}
    bad = replace(chip, fields=thin, **extent)
    plumes = campaign.plumes.assign(plume_id=campaign.plumes["plume_id"].where(campaign.plumes.index > 0, "thin"))
    inputs = replace(campaign, plumes=plumes, chips=[*campaign.chips, bad])
    assert "thin" not in {c.plume_id for c in gallery.gallery_chips(inputs)}
