"""Columns of a csv are of the types that pandas reads there, whatever row tells it."""

import io

import pandas as pd
import pytest

from validators.core.errors import DataError
from validators.io.tables import read_frame, schema_of

FAR = 300_000  # rows after which more than the first MiB was read


def read(tmp_path, text):
    path = tmp_path / "test.csv"
    path.write_text(text)
    return read_frame(path)


@pytest.mark.parametrize("word", ["None", "<NA>", "NULL", "n/a", '""'])
def test_what_pandas_takes_for_missing_is_missing(tmp_path, word):
    """None was a level, and made text of numbers."""
    text = f"a,b\n1,x\n{word},{word}\n"
    held = read(tmp_path, text)

    assert held.isna().to_numpy().tolist() == [[False, False], [True, True]]
    assert held.a.dtype == pd.read_csv(io.StringIO(text)).a.dtype == "float64"


@pytest.mark.parametrize("hour", ["09:30", "09:30:15"])
def test_times_of_day_are_text(tmp_path, hour):
    """They were objects of Python, which no encoder that was fitted on text knew."""
    assert read(tmp_path, f"opens,n\n{hour},1\n,2\n").opens.tolist()[0] == hour
    assert str(schema_of(tmp_path / "test.csv").field("opens").type) == "string"


@pytest.mark.parametrize("number", ["1", "1.5"])
def test_a_code_anywhere_in_the_file_makes_text_of_its_column(tmp_path, number):
    """Only the first MiB was looked at: 00501 was 501 where it came later."""
    held = read(tmp_path, "zip,n\n" + f"{number},0\n" * FAR + "00501,0\n")

    assert held.zip.tolist()[-2:] == [number, "00501"]
    assert held.n.dtype == "int64"
    assert str(schema_of(tmp_path / "test.csv").field("zip").type) == "string"


def test_numbers_too_long_for_an_integer_are_text_where_all_are_whole(tmp_path):
    """Ids of 20 digits became floats, of which 2,000 were one."""
    ids = [f"1234567890123456789{k}" for k in range(10)]
    held = read(tmp_path, "id,amount\n" + "".join(f"{i},0.1234567890123456789\n" for i in ids))

    assert held.id.tolist() == ids
    assert held.amount.dtype == "float64"


def test_a_type_that_a_late_row_changes_is_told_with_the_names(tmp_path):
    held = read(tmp_path, "a\n" + "1\n" * FAR * 2 + "x\n")

    assert held.a.iloc[-1] == "x"
    assert str(schema_of(tmp_path / "test.csv").field("a").type) == "string"


@pytest.mark.parametrize("far", [0, FAR])
def test_a_value_that_is_no_utf_8_is_told_with_its_column(tmp_path, far):
    """Its column was bytes, and the model knew no level of it: an area of .689 where .821 was right."""
    (tmp_path / "test.csv").write_bytes(("city,n\n" + "Bonn,1\n" * far + "Köln,1\n").encode("latin-1"))

    with pytest.raises(DataError, match="column 'city' is no UTF-8 text; save the file as UTF-8"):
        read_frame(tmp_path / "test.csv")


def test_line_breaks_inside_quoted_text_are_of_the_text(tmp_path):
    """A file of more than 1 MiB was cut at them, and refused."""
    texts = [f'called, "no" answer\n00{k}' for k in range(FAR // 5)]
    pd.DataFrame({"zip": "00501", "note": texts, "n": range(len(texts))}).to_csv(tmp_path / "test.csv", index=False)
    held = read_frame(tmp_path / "test.csv")

    assert held.note.tolist() == texts
    assert set(held.zip) == {"00501"}
