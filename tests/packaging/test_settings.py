"""The dashboard's settings are known to Streamlit, keep to this machine and tell a stranger nothing."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What Streamlit makes of the file, and what it says about it; the settings of this machine's user are left out."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    return subprocess.run(
        [sys.executable, "-m", "streamlit", "config", "show"],
        cwd=ROOT,
        env={**inherited, "HOME": str(tmp_path_factory.mktemp("home"))},
        capture_output=True,
        text=True,
        check=True,
    )


def test_streamlit_knows_every_key(shown):
    assert "not a valid config option" not in shown.stdout + shown.stderr
    assert shown.stderr == ""


def test_streamlit_takes_the_values_over(shown):
    resolved = tomllib.loads(shown.stdout[shown.stdout.index("[global]") :])

    for section, values in SETTINGS.items():
        for key, value in values.items():
            if not isinstance(value, dict):
                assert resolved[section][key] == value, f"{section}.{key}"


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("server", "address", "127.0.0.1"),
        ("server", "enableXsrfProtection", True),
        ("server", "enableCORS", True),
        ("server", "enableStaticServing", False),
        ("server", "enableAgentApi", False),
        ("server", "maxUploadSize", 200),
        ("server", "fileWatcherType", "none"),
        ("client", "showErrorDetails", "none"),
        ("browser", "gatherUsageStats", False),
    ],
)
def test_the_shipped_value_is_the_safe_one(section, key, value):
    assert SETTINGS[section][key] == value


def luminance(colour):
    """Relative luminance by WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Contrast ratio by WCAG 2.2, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_agrees_with_the_values_that_wcag_gives():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_marks_stand_out_from_every_background(mode):
    theme = SETTINGS["theme"][mode]
    backgrounds = [theme["backgroundColor"], theme["secondaryBackgroundColor"], *theme["sidebar"].values()]
    candidate, prior = theme["chartCategoricalColors"][:2]
    for background in backgrounds:
        assert contrast(theme["textColor"], background) >= 12, "captions are drawn faded, and need 4.5"
        assert contrast(theme["linkColor"], background) >= 4.5
        assert contrast(candidate, background) >= 3
        assert contrast(prior, background) >= 3
