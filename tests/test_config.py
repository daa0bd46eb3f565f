import copy
import os
import subprocess
import sys

import pytest
import yaml

from so2plumes.config import PRESETS, Config, check_files, load_config, parse_config
from so2plumes.config_docs import generated_files
from so2plumes.errors import ConfigError

MINIMAL = {
    "campaign": {"start": "2021-03-01", "end": "2021-03-31"},
    "archive": {"source": "local", "path": "x"},
}


def changed(**sections):
    values = copy.deepcopy(MINIMAL)
    for name, value in sections.items():
        values[name] = {**values.get(name, {}), **value} if isinstance(value, dict) else value
    return values


@pytest.mark.parametrize("name", ["config.yaml", "demo.yaml", "real-day.yaml"])
def test_shipped_configurations_are_valid(root, name):
    config = load_config(root / "config" / name)
    check_files(config, root)


def test_the_default_is_the_six_year_campaign(root):
    campaign = load_config(root / "config" / "config.yaml").campaign
    assert (campaign.end - campaign.start).days + 1 == 2192


@pytest.mark.parametrize(
    ("values", "key", "words"),
    [
        (changed(campain={}), "campain", "a key of config/README.md"),
        (changed(cluster={"eps": 50}), "cluster.eps", "a key of config/README.md"),
        (changed(campaign={"start": "2021-02-30"}), "campaign.start", "2021-02-30"),
        (changed(campaign={"start": "2021-04-01"}), "campaign", "lies after end"),
        (changed(campaign={"start": "2017-01-01"}), "campaign", "before the first measurement"),
        (changed(archive={"source": "ftp"}), "archive.source", "'local', 'simulated', 'cdse' or 's3'"),
        (changed(archive={"processors": ["2.4.1"]}), "archive.processors.0", "2.4.1"),
        (changed(detect={"step": 0}), "detect.step", "greater than or equal to 1"),
        (changed(detect={"step": 40}), "detect", "pixels would be skipped"),
        (changed(filter={"min_qa": "high"}), "filter.min_qa", "high"),
        (changed(preset="mine"), "preset", "'paper' or 'recommended'"),
        (changed(era5={"use": "missing"}), "era5", "use missing needs path: a folder of ERA5 files, or download"),
        (changed(era5={"levels_hpa": [0]}), "era5.levels_hpa.0", "greater than or equal to 1"),
        ({"archive": MINIMAL["archive"]}, "campaign", "found nothing"),
    ],
)
def test_an_error_names_key_value_and_what_is_allowed(values, key, words):
    with pytest.raises(ConfigError) as caught:
        parse_config(values)
    assert f"{key}:" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        *(("archive", key) for key in ("catalogue", "download", "token", "s3_endpoint")),
        ("eruptions", "url"),
        ("edgar", "url"),
        ("era5", "url"),
    ],
)
@pytest.mark.parametrize("secret", ["key-7f3a", "ke/y-7f@3a", "ke'y-7f3a"])
def test_an_address_with_a_password_is_refused_and_not_shown(section, key, secret):
    with pytest.raises(ConfigError, match="user name and password") as caught:
        parse_config(changed(**{section: {key: f"https://ada:{secret}@example.org/v1"}}))
    assert f"{section}.{key}:" in str(caught.value)
    assert "3a" not in str(caught.value)
    parse_config(changed(**{section: {key: "https://example.org/v1?user=ada@example.org"}}))


def test_all_errors_are_reported_at_once():
    with pytest.raises(ConfigError, match="2 configuration values"):
        parse_config(changed(cluster={"eps_km": -1}, edgar={"radius_km": "far"}))


def test_missing_model_names_its_key(tmp_path):
    config = parse_config(changed(detect={"model": "no/such.keras"}))
    with pytest.raises(ConfigError, match=r"(?s)detect\.model.*no/such\.keras"):
        check_files(config, tmp_path)


def test_a_missing_folder_of_winds_names_its_key(root, tmp_path):
    given = changed(era5={"use": "missing", "path": "no/winds"}, detect={"method": "ztest"})
    with pytest.raises(ConfigError, match=r"(?s)era5\.path.*no/winds"):
        check_files(parse_config(given), tmp_path)
    for fine in ({"path": "no/winds"}, {"use": "always", "path": "download"}):
        check_files(parse_config(changed(era5=fine, detect={"method": "ztest"})), tmp_path)


def test_presets_differ_where_they_say_and_set_keys_win():
    paper, ours = parse_config(changed(preset="paper")), parse_config(changed(preset="recommended"))
    for section, choices in PRESETS["paper"].items():
        for key, value in choices.items():
            assert getattr(getattr(paper, section), key) == value
            assert getattr(getattr(ours, section), key) == PRESETS["recommended"][section][key]
    mixed = parse_config(changed(preset="paper", emissions={"background": "ring"}))
    assert mixed.emissions.background == "ring"
    assert mixed.cluster.origin == "max"


def test_presets_name_existing_keys_only():
    for choices in PRESETS.values():
        for section, keys in choices.items():
            fields = Config.model_fields[section].annotation.model_fields
            assert set(keys) <= set(fields)


def test_every_key_is_described():
    for name, field in Config.model_fields.items():
        fields = getattr(field.annotation, "model_fields", {name: field})
        for key, leaf in fields.items():
            assert leaf.description, f"{name}.{key} has no description"


def test_generated_files_are_up_to_date(root):
    for path, content in generated_files(root).items():
        assert path.read_text() == content, f"{path} is out of date: run `so2plumes document`"


def test_unreadable_yaml_is_said(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("campaign: [")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(path)


def test_an_impossible_date_in_yaml_is_said(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("campaign: {start: 2021-02-30}")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(path)


def test_a_model_without_card_is_said(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"x")
    config = parse_config(changed(detect={"model": "model.keras"}))
    with pytest.raises(ConfigError, match=r"card\.json"):
        check_files(config, tmp_path)


def test_yaml_round_trip_of_dates(root):
    values = yaml.safe_load((root / "config" / "demo.yaml").read_text())
    assert parse_config(values) == load_config(root / "config" / "demo.yaml")


def test_reading_a_configuration_loads_nothing_heavy(root):
    """Snakemake reads it in every process that it starts."""
    code = (
        "import sys; from so2plumes.config import load_config; load_config('config/config.yaml');"
        "print({'netCDF4', 'pandas', 'cv2', 'numba', 'keras', 'matplotlib', 'shapely'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(root / "workflow")}
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
