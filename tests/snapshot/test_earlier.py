"""This test against those of earlier runs: a planted shift is seen since the run before it, other bins are not compared."""

import pytest

from tests.engine.projects import project, rows
from validators.cli.execute import execute
from validators.engine.run import nothing
from validators.snapshot.earlier import earlier_tests
from validators.views.chart import palette
from validators.views.earlier import same_bins, shift_since, trend


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three runs of a project: the test rows are drawn anew for the second, and shifted for the third."""
    folder = project(tmp_path_factory.mktemp("earlier") / "p", n=2000)
    held = [execute(folder, only=("DRF101",), out=folder / "runs" / "20250101-a", progress=nothing).folder]
    for name, shift in (("20250201-b", 0.0), ("20250301-c", 0.6)):
        rows(2000, 9 + len(held), shift=shift).to_parquet(folder / "test.parquet", index=False)
        held.append(execute(folder, only=("DRF101",), out=folder / "runs" / name, progress=nothing).folder)
    started = iter(("2025-01-01", "2025-02-01", "2025-03-01"))
    for run in held:  # the three ran within a second or so
        path = run / "results.json"
        text = path.read_text()
        at = text.index('"started": "') + len('"started": "')
        path.write_text(text[:at] + next(started) + text[text.index('"', at) :])
    return folder, held


def test_a_shift_is_seen_since_the_earlier_tests_and_only_in_its_feature(runs):
    folder, held = runs
    before, now = earlier_tests(folder, held[2])

    assert [t.name for t in before] == ["0101-a", "0201-b"]
    for earlier in before:
        moved = {f: shift_since(earlier, now, f, 0.99) for f in now.grid.features}
        assert moved["x0"].low > 0.3
        assert moved["x0"].value == pytest.approx(0.6, abs=0.15)
        assert max(s.value for f, s in moved.items() if f != "x0") < 0.15


def test_tests_of_one_population_do_not_differ(runs):
    folder, held = runs
    (before,), now = earlier_tests(folder, held[1])

    assert all(shift_since(before, now, f, 0.99).low == 0 for f in now.grid.features)


def test_the_first_run_has_no_earlier_test_and_no_chart(runs):
    folder, held = runs
    before, now = earlier_tests(folder, held[0])

    assert before == []
    assert trend(before, now, palette("light")) is None


def test_the_chart_names_the_feature_that_moved_first(runs):
    folder, held = runs
    chart = trend(*earlier_tests(folder, held[2]), palette("light"))

    assert chart.table.rows[0]["Feature"] == "x0"
    assert len(chart.table.rows[0]) == 3


def test_other_bins_are_not_compared(runs):
    folder, held = runs
    (before, *_), now = earlier_tests(folder, held[2])
    bins = now.grid.features["x0"]
    other = type(bins)(cuts=bins.cuts + 1, coarse=bins.coarse)

    assert same_bins(before.grid.features["x0"], bins)
    assert not same_bins(other, bins)
    assert not same_bins(None, bins)


def test_rows_that_cannot_be_read_are_no_earlier_test(runs, tmp_path):
    folder, held = runs
    (folder / "runs" / "broken").mkdir(exist_ok=True)
    (folder / "runs" / "broken" / "results.json").write_text("[")

    assert len(earlier_tests(folder, held[2])[0]) == 2
