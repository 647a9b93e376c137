"""What the type of a column does not tell: whether values are missing, and whether whole numbers are longer than a float holds.

A column is of one type in every part of its file, so this is asked of the file: of parquet by what it says of its row groups.
"""

FLOAT, INTEGER = 2**53, 2**63


def told(found):
    """Names of the columns with a missing value, of those with numbers beyond a float's, and of those beyond an integer's."""
    return {
        "gaps": [name for name, (gap, _) in found.items() if gap],
        "long": [name for name, (_, size) in found.items() if size > FLOAT],
        "longest": [name for name, (_, size) in found.items() if size >= INTEGER],
    }


def asked(held):
    """Whether missing values or long numbers would change the type of such a column in pandas."""
    import pyarrow as pa

    plain = pa.types.is_integer(held) or pa.types.is_boolean(held) or pa.types.is_null(held)
    return plain or (pa.types.is_decimal(held) and held.scale == 0)


def of_table(table):
    """Of the columns of a table: whether a value is missing, and the size of the largest number."""
    return {f.name: of_column(table.column(k)) for k, f in enumerate(table.schema) if asked(f.type)}


def of_column(column):
    """Whether a value is missing, and the size of the largest number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_integer(column.type) or pa.types.is_decimal(column.type)):
        return column.null_count > 0, 0
    ends = pc.min_max(column).as_py()
    return column.null_count > 0, max((abs(int(end)) for end in ends.values() if end is not None), default=0)


def of_parquet(held):
    """Of the columns of a parquet file; a column is read only where its row groups do not say."""
    meta = held.metadata
    places = {held.schema.column(k).path: k for k in range(len(held.schema))}
    names = [f.name for f in held.schema_arrow if asked(f.type)]
    found, unknown = dict.fromkeys(names, (False, 0)), {name for name in names if name not in places}
    for g in range(meta.num_row_groups):
        group = meta.row_group(g)
        for name in names:
            if name not in unknown:
                part = of_group(group.column(places[name]).statistics)
                found[name] = joined(found[name], part) if part else found[name]
                unknown |= set() if part else {name}
    if unknown:
        found |= dict.fromkeys(unknown, (False, 0))
        for batch in held.iter_batches(batch_size=65_536, columns=sorted(unknown)):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                found[name] = joined(found[name], of_column(column))
    return found


def of_group(statistics):
    """As a row group says of a column; None where it does not."""
    if statistics is None or not statistics.has_null_count:
        return None
    if not statistics.num_values:
        return statistics.null_count > 0, 0
    if not statistics.has_min_max:
        return None
    return statistics.null_count > 0, max(abs(int(statistics.min)), abs(int(statistics.max)))


def joined(mine, theirs):
    """Of two parts of a column."""
    return mine[0] or theirs[0], max(mine[1], theirs[1])
