"""Types of the columns of a csv, told by all of its rows and as pandas tells them, but for dates and for codes that begin with a nought."""

import os

MISSING = ("None", "<NA>")  # besides those that Arrow knows, what pandas takes for missing
CODE, WHOLE, TOO_LONG = "^0[0-9]+$", "^[+-]?[0-9]+$", "^[+-]?[0-9]{19,}$"
SEEN: dict[tuple[int, ...], list[str]] = {}


def read(file):
    """All of a csv as a table."""
    import pyarrow.csv

    about = os.fstat(file.fileno())
    key = about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns
    if key not in SEEN:
        table = pyarrow.csv.read_csv(file, parse_options=parsing(), convert_options=conversion())
        refuse_bytes(table.schema)
        SEEN[key] = texts_of(file, table.schema)
        if not SEEN[key]:
            return table
        del table
        file.seek(0)
    return pyarrow.csv.read_csv(file, parse_options=parsing(), convert_options=conversion(SEEN[key]))


def refuse_bytes(schema):
    """Raise ValueError where Arrow reads a column as bytes, as it does where a value is no UTF-8."""
    import pyarrow as pa

    found = next((f.name for f in schema if pa.types.is_binary(f.type)), None)
    if found is not None:
        raise ValueError(f"column {found!r} is no UTF-8 text; save the file as UTF-8, or as parquet")


def parsing():
    """How a csv is parted into values: a quoted text may hold line breaks."""
    import pyarrow.csv

    return pyarrow.csv.ParseOptions(newlines_in_values=True)


def conversion(texts=(), **options):
    """How a csv is read: empty texts are missing values, and these columns are texts."""
    import pyarrow as pa
    import pyarrow.csv

    known = pyarrow.csv.ConvertOptions().null_values
    return pyarrow.csv.ConvertOptions(
        strings_can_be_null=True,
        null_values=[*known, *MISSING],
        column_types=dict.fromkeys(texts, pa.string()),
        **options,
    )


def texts_of(file, schema):
    """Columns that are texts though Arrow reads them otherwise: times of day, codes like 00501, and numbers too long for one."""
    import pyarrow as pa
    import pyarrow.csv

    hours = [f.name for f in schema if pa.types.is_time(f.type)]
    numbers = {f.name: f.type for f in schema if pa.types.is_integer(f.type) or pa.types.is_floating(f.type)}
    if not numbers:
        return hours
    file.seek(0)
    codes, endless = set(), set()
    whole = {name for name, held in numbers.items() if pa.types.is_floating(held)}
    known = conversion(numbers, include_columns=[*numbers])
    with pyarrow.csv.open_csv(file, parse_options=parsing(), convert_options=known) as reader:
        for batch in reader:
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                if name not in codes and any_is(begins_with_nought(column), CODE):
                    codes.add(name)
                if name in whole and not all_are(column, WHOLE):
                    whole.discard(name)
                elif name in whole and any_is(column, TOO_LONG):
                    endless.add(name)
    return [*hours, *(name for name in numbers if name in codes | (endless & whole))]


def begins_with_nought(column):
    """The values that do: few are left to look at."""
    import pyarrow.compute as pc

    return column.filter(pc.starts_with(column, "0"))


def any_is(column, pattern):
    """Whether any value matches."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(column, pattern)).as_py())


def all_are(column, pattern):
    """Whether all values match, missing ones left aside."""
    import pyarrow.compute as pc

    return pc.all(pc.match_substring_regex(column, pattern)).as_py() is not False
