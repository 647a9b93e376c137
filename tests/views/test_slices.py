"""The slices page: its filters and table."""

import pytest

from validators.views import slices

from .documents import document, limit, r, ranged


def test_selected_slices_filter_the_table_and_give_their_condition():
    held = slices.chosen(document(), "slice_excess_loss")
    only = {held[0]["subject"]}

    assert [row["Slice"] for row in slices.table(document(), held, only).rows] == ["age < 25 & region = EU"]
    assert slices.condition(held[0]["subject"]) == "age<25 & region==EU"
    assert len(slices.table(document(), held).rows) == 2


def test_a_slice_that_is_both_declared_and_found_keeps_each_checks_numbers():
    found = document()
    found["results"].append(
        r("PRF202", "performance", "WARN",
          [ranged("slice_excess_loss", "slice:age<25 & region==EU", 1.1, 0.3, n=230, limit=limit(0.25, 0.75), verdict="WARN")])
    )  # fmt: skip
    rows = slices.table(found, slices.chosen(found, "slice_excess_loss", min_rows=100)).rows

    told = [tuple(row[k] for k in ("Check", "Rows", "Excess loss of a slice", "Low")) for row in rows]
    assert told == [("PRF201", 240, 1.2, 1.0), ("PRF202", 230, 1.1, pytest.approx(0.8))]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, 2),
        ({"min_rows": 100}, 1),
        ({"verdicts": ["FAIL"]}, 1),
        ({"search": "searched"}, 0),
        ({"search": "declared"}, 2),
    ],
)
def test_slices_are_filtered_by_rows_verdict_and_origin(filters, expected):
    assert len(slices.chosen(document(), "slice_excess_loss", **filters)) == expected
