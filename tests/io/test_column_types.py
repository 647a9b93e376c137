"""A column has one type in all of its data, whatever the parts that they are read in: that which pandas gives to the whole."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from validators.engine.keys import hash_values
from validators.io.tables import BATCH_ROWS, frames, partitions, read_frame, schemas_of

N = BATCH_ROWS + 10
LONG = 1_800_000_000_000_000_000


def types_in(path, **options):
    """Types of every column in each of the frames that a file is read in."""
    held = [frame.dtypes.astype(str).to_dict() for part in partitions(path, **options) for frame in frames(part)]
    assert len(held) > 1
    return held


def gappy():
    """A column of whole numbers, and one of truths, with one gap, in the last row; one of each without."""
    grade, flag = np.arange(N) % 5, np.arange(N) % 2 == 0
    hole = np.arange(N) == N - 1
    return pa.table({
        "grade": pa.array(grade, mask=hole), "flag": pa.array(flag, mask=hole), "whole": grade, "truth": flag,
    })  # fmt: skip


EXPECTED = {"grade": "float64", "flag": "object", "whole": "int64", "truth": "bool"}


@pytest.mark.parametrize("options", [{}, {"write_statistics": False}, {"row_group_size": 10_000}])
def test_one_gap_makes_floats_of_all_whole_numbers(tmp_path, options):
    """Grades were 1 in one part and 1.0 in the next: a model that made texts of them fell from .897 to .608."""
    pq.write_table(gappy(), tmp_path / "test.parquet", **options)
    found = types_in(tmp_path / "test.parquet", rows=20_000)

    assert all(types == EXPECTED for types in found)
    assert pd.read_parquet(tmp_path / "test.parquet").dtypes.astype(str).to_dict() == EXPECTED


@pytest.mark.parametrize("suffix", [".csv", ".arrow"])
def test_of_files_without_row_groups_too(tmp_path, suffix):
    path = tmp_path / f"test{suffix}"
    if suffix == ".csv":
        gappy().to_pandas().to_csv(path, index=False)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, gappy().schema) as writer:
            writer.write_table(gappy())

    assert all(types == EXPECTED for types in types_in(path))


def test_the_files_of_a_folder_are_one_table(tmp_path):
    table = pa.table({"a": [1, 2], "b": [True, False], "c": [1, 2], "d": [3, 4]})
    other = pa.table({"a": [1, None], "b": [None, True], "c": [0.5, 1.5], "d": pa.nulls(2)})
    for k, held in enumerate((table, other)):
        pq.write_table(held, tmp_path / f"{k}.parquet")

    kinds = {"a": "float64", "b": "object", "c": "float64", "d": "float64"}
    assert types_in(tmp_path) == [kinds, kinds]
    assert read_frame(tmp_path).a.tolist()[:3] == [1.0, 2.0, 1.0]


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.decimal128(38, 0)])
def test_long_keys_stay_apart_and_are_those_of_a_text(tmp_path, kind, gap):
    """Decimals, and whole numbers with a gap, became floats: 2,000 keys were 8."""
    keys = [LONG + k for k in range(100)]
    held = [Decimal(k) if pa.types.is_decimal(kind) else k for k in keys] + [None] * gap
    pq.write_table(pa.table({"key": pa.array(held, kind)}), tmp_path / "test.parquet")
    found = read_frame(tmp_path / "test.parquet").key

    assert found.isna().sum() == gap
    assert hash_values(found.iloc[:100]).tolist() == hash_values(pd.Series([*map(str, keys)])).tolist()


def test_decimals_that_no_integer_holds_are_text(tmp_path):
    keys = [LONG * 10**9 + k for k in range(3)]
    table = pa.table({"key": pa.array([*map(Decimal, keys)], pa.decimal128(38, 0)), "n": pa.array([1, 2, 3])})
    pq.write_table(table, tmp_path / "test.parquet")

    assert read_frame(tmp_path / "test.parquet").key.tolist() == [*map(str, keys)]


@pytest.mark.parametrize("gap", [[], [None]])
def test_long_numbers_of_a_folder_with_and_without_a_sign_are_text(tmp_path, gap):
    """With a gap the folder could not be read."""
    pq.write_table(pa.table({"key": pa.array([2**63 + 7, *gap], pa.uint64())}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"key": pa.array([-3, 4], pa.int64())}), tmp_path / "1.parquet")

    assert read_frame(tmp_path).key.dropna().tolist() == [str(2**63 + 7), "-3", "4"]


def test_whole_decimals_are_whole_numbers(tmp_path):
    table = pa.table({"a": pa.array([Decimal(1), Decimal(2)], pa.decimal128(38, 0)), "b": pa.array([Decimal(1), None])})
    pq.write_table(table, tmp_path / "test.parquet")

    assert read_frame(tmp_path / "test.parquet").dtypes.astype(str).to_dict() == {"a": "int64", "b": "float64"}


@pytest.mark.parametrize("kind", [pa.decimal128(12, 2), pa.decimal256(50, 2)])
@pytest.mark.parametrize("mixed", [False, True])
def test_decimals_are_the_numbers_that_their_text_spells(tmp_path, kind, mixed):
    """.35 became .35000000000000003, 14 % of two-digit decimals: rows of a csv and of a parquet were not the same."""
    texts = [f"{k // 100}.{k % 100:02d}" for k in range(10_000)]
    pq.write_table(pa.table({"a": pa.array([*map(Decimal, texts)], kind)}), tmp_path / "0.parquet")
    if mixed:
        pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "1.parquet")
    (tmp_path / "a.csv").write_text("\n".join(["a", *texts]))
    found = read_frame(tmp_path).a.tolist()[:10_000]

    assert found == [*map(float, texts)] == read_frame(tmp_path / "a.csv").a.tolist()


@pytest.mark.parametrize(
    "name", ["_temporary/0/part-1.parquet", ".part-1.parquet.tmp.parquet", "a/.x/b.parquet", "_b.parquet"]
)
def test_hidden_and_unfinished_files_of_a_folder_are_no_data(tmp_path, name):
    """Rows of a write that failed came twice."""
    folder = tmp_path / ".data"
    for path in (folder / "a" / "part-1.parquet", folder / name):
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"n": [1, 2]}), path)

    assert [part.path.name for part in partitions(folder)] == ["part-1.parquet"]
    assert [*schemas_of(folder)] == ["a/part-1.parquet"]
