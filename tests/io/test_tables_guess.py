"""Data files of every kind give the same rows; broken ones one sentence; guesses are explained."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from validators.core.errors import DataError, ProjectError
from validators.engine.trial import resolve
from validators.io.guess import guess_project
from validators.io.project import read_project
from validators.io.tables import count_rows, frames, partitions, read_frame, schema_of

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, None, 2.5], "c": ["x", None, "z"]})


def write(path):
    if path.suffix == ".parquet":
        FRAME.to_parquet(path, index=False)
    elif path.suffix == ".csv":
        FRAME.to_csv(path, index=False)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, pa.Schema.from_pandas(FRAME)) as writer:
            writer.write_table(pa.Table.from_pandas(FRAME, preserve_index=False))
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".arrow"])
def test_every_kind_of_file_gives_the_same_rows(tmp_path, suffix):
    held = read_frame(write(tmp_path / f"data{suffix}"))

    assert held.astype(object).where(held.notna(), None).equals(FRAME.astype(object).where(FRAME.notna(), None))
    assert schema_of(tmp_path / f"data{suffix}").names == ["a", "b", "c"]


def test_a_folder_of_parquet_files_is_one_table(tmp_path):
    for k in range(3):
        write(tmp_path / f"part{k}.parquet")

    assert len(read_frame(tmp_path)) == 9
    assert len(partitions(tmp_path)) == 3


def test_no_rows_are_rows_too(tmp_path):
    FRAME.head(0).to_parquet(tmp_path / "none.parquet", index=False)
    part = partitions(tmp_path / "none.parquet")[0]

    assert [list(f.columns) for f in frames(part, ("b", "a"))] == [["b", "a"]]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".arrow", ".xlsx"])
@pytest.mark.parametrize("content", [b"", b"PAR1 no", b"\xff\xfe\x00bad", b"a,a\n1,2\n"])
def test_broken_files_get_one_sentence_with_their_name(tmp_path, suffix, content):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)

    with pytest.raises(DataError, match="broken"):
        read_frame(path) if suffix == ".arrow" else schema_of(path)


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".arrow"])
def test_rows_are_counted_as_they_are_read(tmp_path, suffix):
    path = write(tmp_path / f"data{suffix}")

    assert count_rows(path) == len(read_frame(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        partitions(tmp_path / "absent.parquet")


def folder_with(tmp_path, target, **columns):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "row_id": range(200),
            "age": rng.integers(18, 80, 200),
            "when": pd.date_range("2025-01-01", periods=200),
            **columns,
        }
    )
    frame["y"] = target
    for role in ("train", "test"):
        frame.to_parquet(tmp_path / f"{role}_2025.parquet", index=False)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (np.tile([0, 1], 100), "binary"),
        (np.tile(["a", "b", "c", "d"], 50), "multiclass"),
        (np.linspace(0, 1, 200), "regression"),
    ],
)
def test_a_guessed_project_file_can_be_read_and_each_guess_has_a_reason(tmp_path, target, kind):
    folder = folder_with(tmp_path, target, score=np.linspace(0, 1, 200))
    guess = guess_project(folder)
    (folder / "seatrial.toml").write_text(guess.toml)
    held = read_project(folder)

    assert held.task.type == kind
    assert (held.columns.key, held.columns.time, held.columns.sensitive) == ("row_id", "when", ("age",))
    assert {"test", "train"} <= {r.value for r in held.data}
    assert len(guess.reasons) >= 6
    assert any("people want" in r for r in guess.reasons) == (kind != "regression")
    assert any("0.5" in r and "a guess" in r for r in guess.reasons) == (kind == "binary")


@pytest.mark.parametrize(("first", "key"), [(9001, "instant"), (0, None), (1, None)])
def test_a_column_that_counts_the_rows_is_no_feature_and_a_key_unless_it_starts_anew(tmp_path, first, key):
    folder = folder_with(
        tmp_path, np.tile([0, 1], 100), score=np.linspace(0, 1, 200), instant=np.arange(first, first + 200)
    )
    for role in ("train", "test"):
        pd.read_parquet(folder / f"{role}_2025.parquet").drop(columns="row_id").to_parquet(
            folder / f"{role}_2025.parquet"
        )
    guess = guess_project(folder)
    (folder / "seatrial.toml").write_text(guess.toml)
    held = read_project(folder)

    assert held.columns.key == key
    assert "instant" not in held.columns.features
    assert any("'instant'" in r and "counts the rows" in r for r in guess.reasons)


def test_scores_beside_the_outcome_are_neither_target_nor_feature(tmp_path):
    frame = pd.read_parquet(folder_with(tmp_path, 0) / "test_2025.parquet").drop(columns="y")
    frame["churned?"] = np.tile(["no", "yes"], 100)
    frame["score"] = np.linspace(0, 1, 200)
    (tmp_path / "train_2025.parquet").unlink()
    frame.to_parquet(tmp_path / "test_2025.parquet")
    (tmp_path / "seatrial.toml").write_text(guess_project(tmp_path).toml)
    held = read_project(tmp_path)

    assert (held.task.target, held.task.type, held.columns.prediction) == ("churned?", "binary", ("score",))
    assert "score" not in held.columns.features


def test_scores_alone_are_told_to_lack_the_outcomes(tmp_path):
    pd.DataFrame({"score": np.linspace(0, 1, 50)}).to_csv(tmp_path / "test.csv", index=False)

    with pytest.raises(ProjectError, match="outcomes are missing"):
        guess_project(tmp_path)


def test_a_column_of_scores_that_is_the_target_is_refused(tmp_path):
    folder = folder_with(tmp_path, np.tile([0, 1], 100), score=0.5)
    text = guess_project(folder).toml.replace('prediction = "score"', 'prediction = "y"')
    (folder / "seatrial.toml").write_text(text)

    with pytest.raises(ProjectError, match="'y' is the target"):
        read_project(folder)


@pytest.mark.parametrize(("values", "time"), [("2025-03-01", "Opened on"), ("2025", None), ("soon", None)])
def test_dates_in_a_text_column_are_the_time_whatever_it_is_called(tmp_path, values, time):
    folder = folder_with(tmp_path, np.tile([0, 1], 100), score=0.5)
    frame = pd.read_parquet(folder / "test_2025.parquet").drop(columns="when").assign(**{"Opened on": values})
    (folder / "train_2025.parquet").unlink()
    frame.to_parquet(folder / "test_2025.parquet")
    (folder / "seatrial.toml").write_text(guess_project(folder).toml)

    assert read_project(folder).columns.time == time


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_a_csv_without_commas_is_told_what_separates_its_columns(tmp_path, mark):
    (tmp_path / "test.csv").write_text(f"a{mark}y\n1{mark}0\n")

    with pytest.raises(DataError, match="columns are separated by"):
        guess_project(tmp_path)


def test_one_column_of_scores_for_three_classes_is_told_which_it_takes(tmp_path):
    folder = folder_with(tmp_path, np.resize(["b", "a", "c"], 200), score=0.5)
    (folder / "seatrial.toml").write_text(guess_project(folder).toml)

    with pytest.raises(ProjectError, match="1 column for 3 classes.*in this order: 'a', 'b', 'c'"):
        resolve(read_project(folder))


def test_dates_in_another_order_are_told_to_be_written_so_that_they_can_be_read(tmp_path):
    folder = folder_with(tmp_path, np.tile([0, 1], 100), score=0.5)
    frame = pd.read_parquet(folder / "test_2025.parquet").drop(columns="when").assign(seen="31/01/2024")
    frame.to_parquet(folder / "test_2025.parquet")

    assert any("'seen'" in reason and "2024-01-31" in reason for reason in guess_project(folder).reasons)


def test_a_csv_of_another_encoding_is_told_to_be_saved_as_utf_8(tmp_path):
    (tmp_path / "test.csv").write_bytes("größe,y\n1,0\n".encode("latin-1"))

    with pytest.raises(DataError, match="save it as UTF-8"):
        guess_project(tmp_path)


def test_outcomes_that_are_all_missing_are_told(tmp_path):
    folder = folder_with(tmp_path, None, score=0.5)

    with pytest.raises(ProjectError, match="'y' holds no value"):
        guess_project(folder)


def test_a_folder_without_data_says_what_to_put_there(tmp_path):
    with pytest.raises(ProjectError, match=r"test\.parquet"):
        guess_project(tmp_path)


def test_missing_columns_are_named_per_role_with_the_nearest(tmp_path):
    folder = folder_with(tmp_path, np.tile([0, 1], 100), score=0.5)
    guess = guess_project(folder).toml.replace('features = ["age"', 'features = ["agee"')
    (folder / "seatrial.toml").write_text(guess)

    with pytest.raises(ProjectError, match="did you mean 'age'") as caught:
        resolve(read_project(folder))
    assert {p.split(":")[0] for p in caught.value.problems} == {"[data] train", "[data] test"}


def test_a_folder_that_mlflow_wrote_is_a_model(tmp_path):
    folder = folder_with(tmp_path, np.tile([0, 1], 100))
    (folder / "my_candidate").mkdir()
    (folder / "my_candidate" / "MLmodel").write_text("flavors: {}")
    (folder / "other").mkdir()

    assert 'candidate = "my_candidate"' in guess_project(folder).toml


def test_a_time_or_a_key_in_the_last_place_is_not_the_target(tmp_path):
    """A date in the last column became a target of 376 classes, and "id no." was no key."""
    frame = pd.DataFrame({"id no.": np.arange(300)[::-1] * 3, "x": 1.5, "bought": [0, 1, 1] * 100})
    frame["interview"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(300), unit="D")
    frame.to_parquet(tmp_path / "test.parquet")
    guess = guess_project(tmp_path)

    assert 'target = "bought"' in guess.toml
    assert 'key = "id no."' in guess.toml
    assert 'time = "interview"' in guess.toml


def test_decimals_are_read_as_floats(tmp_path):
    """As objects they were taken for text: levels, drift of new levels, and text fed to a number."""
    table = pa.table({"rate": pa.array([Decimal("12.50"), None, Decimal("0.10")], pa.decimal128(9, 2)), "n": [1, 2, 3]})
    pq.write_table(table, tmp_path / "test.parquet")
    held = read_frame(tmp_path / "test.parquet")

    assert held.dtypes.astype(str).tolist() == ["float64", "int64"]
    assert held.rate.tolist()[::2] == [12.5, 0.1]


def test_codes_that_begin_with_a_nought_stay_text_in_a_csv(tmp_path):
    """00501 became 501, and a model fitted on text saw numbers."""
    lines = ["zip,amount,share,flag", *(f"{k:05d},{k},0.{k},0" for k in range(498, 600))]
    (tmp_path / "test.csv").write_text("\n".join(lines) + "\n")
    held = read_frame(tmp_path / "test.csv")

    assert held.zip.tolist()[:2] == ["00498", "00499"]
    assert held.dtypes.astype(str).tolist()[1:] == ["int64", "float64", "int64"]
    assert list(map(str, schema_of(tmp_path / "test.csv").types)) == ["string", "int64", "double", "int64"]


def test_the_features_that_a_model_lists_are_the_features_and_none_of_them_is_the_target(tmp_path):
    """The index of pandas became the target, and a column that the model reads too."""
    folder = folder_with(tmp_path, np.tile([0, 1], 100), income=np.linspace(1, 2, 200), exposure=0.5)
    for role in ("train", "test"):
        frame = pd.read_parquet(folder / f"{role}_2025.parquet").rename(columns={"y": "bought", "income": "y"})
        frame.index = frame.index[::-1]
        frame.to_parquet(folder / f"{role}_2025.parquet")
    (folder / "candidate.txt").write_text("")
    held = {}
    for listed in (("age", "y"), ("Column_0",)):
        guess = guess_project(folder, listed=lambda _, names=listed: names)
        (folder / "seatrial.toml").write_text(guess.toml)
        held[listed] = read_project(folder)
    known, unknown = held.values()

    assert (known.columns.features, known.task.target, known.columns.weight) == (("age", "y"), "bought", "exposure")
    assert unknown.columns.features == ("age", "exposure", "bought")
    assert not any("__index" in name for name in (unknown.task.target, *unknown.columns.features))


def test_a_key_is_unique_in_every_file(tmp_path):
    folder = folder_with(tmp_path, np.tile([0, 1], 100), score=0.5, customer_id=np.arange(200)[::-1])
    frame = pd.read_parquet(folder / "train_2025.parquet")
    frame.assign(row_id=np.arange(200) // 2).to_parquet(folder / "train_2025.parquet")
    guess = guess_project(folder)

    assert 'key = "customer_id"' in guess.toml
    assert "row_id" not in guess.toml
    assert any("'row_id' is no key: it repeats in train" in reason for reason in guess.reasons)
