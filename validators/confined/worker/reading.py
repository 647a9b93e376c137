"""The worker's life with data files: confine itself, then parse the files that the parent passes, one at a time.

Parsers of parquet, arrow and csv are C++: a file that breaks one ends this process only. Batches go back as Arrow streams.
"""

import faulthandler
import socket

from . import confinement, csv_types, sizes, wire
from .serving import failure

CELLS, BYTES, HEAD, WIDE = 8_000_000, 256 << 20, 1 << 20, 10_000


def main(descriptor, config):
    """Serve on a socket that the parent passed."""
    faulthandler.disable()
    sock = socket.socket(fileno=descriptor)
    wire.send(sock, confinement.confine(config))
    import pyarrow as pa

    pa.enable_signal_handlers(enable=False)  # they need a pipe, which the confinement refuses
    while True:
        try:
            header, _ = wire.read_message(sock)
            file = wire.receive_file(sock)
        except EOFError:
            return
        with file:
            try:
                for reply, payload in ANSWERS[header["ask"]](file, header):
                    wire.send(sock, {"ok": True, **reply}, payload)
            except Exception as error:  # noqa: BLE001 - whatever a parser raises is answered
                wire.send(sock, failure(error))


def schema(file, header):
    """Names and types, and what the rows have that types do not tell; of parquet the rows of each row group as well."""
    if header["suffix"] == ".parquet":
        held = parquet(file)
        meta = held.metadata
        groups = [meta.row_group(g).num_rows for g in range(meta.num_row_groups)]
        yield {"groups": groups, **sizes.told(sizes.of_parquet(held))}, held.schema_arrow.serialize().to_pybytes()
        return
    if header["suffix"] == ".csv":
        if file.read(HEAD).partition(b"\n")[0].count(b",") >= WIDE:
            raise ValueError(f"it has more than {WIDE:,} columns; leave some out")
        file.seek(0)
    table = whole(file, header)
    yield sizes.told(sizes.of_table(table)), table.schema.serialize().to_pybytes()


def rows(file, header):
    """How many rows there are; of parquet without reading them."""
    yield (
        {"rows": parquet(file).metadata.num_rows if header["suffix"] == ".parquet" else whole(file, header).num_rows},
        b"",
    )


def batches(file, header):
    """The rows, a bounded number at a time and only the named columns, each batch a stream of its own; at the end an empty one."""
    if header["suffix"] == ".parquet":
        held = parquet(file)
        schema, wanted = held.schema_arrow, asked(header, held.schema_arrow)
        width = sum(leaves(field.type) for field in schema if wanted is None or field.name in wanted)
        found = held.iter_batches(batch_size=at_once(header, width), row_groups=header["groups"], columns=wanted)
    else:
        table = whole(file, header)
        schema, wanted = table.schema, asked(header, table.schema)
        table = table if wanted is None else table.select(wanted)
        found = table.to_batches(max_chunksize=at_once(header, sum(leaves(field.type) for field in table.schema)))
    for batch in found:
        yield from (({"more": True}, stream(part)) for part in halved(batch))
    empty = schema.empty_table()
    yield {"more": False}, stream(empty if wanted is None else empty.select(wanted))


def at_once(header, width):
    """How many rows go over at a time: fewer where there are many columns. What a file says of its size does not count."""
    return max(min(header["size"], CELLS // max(width, 1)), 1)


def leaves(held):
    """Columns of plain values in a column."""
    return sum(leaves(held.field(k).type) for k in range(held.num_fields)) or 1


def halved(batch):
    """A batch in parts of so many bytes as go over at a time, for texts of any length."""
    if batch.get_total_buffer_size() <= BYTES or batch.num_rows < 2 or batch.nbytes <= BYTES:
        yield batch
        return
    half = batch.num_rows // 2
    yield from halved(batch.slice(0, half))
    yield from halved(batch.slice(half))


def parquet(file):
    """A parquet file."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(file, pre_buffer=False)


def asked(header, schema):
    """Of the named columns those that the file has, in the order of the names; None for all."""
    wanted = header["columns"]
    return None if wanted is None else [name for name in wanted if name in schema.names]


def whole(file, header):
    """All of a csv or arrow file."""
    import pyarrow as pa

    if header["suffix"] == ".csv":
        return csv_types.read(file)
    with pa.ipc.open_file(file) as reader:
        table = reader.read_all()
    table.validate(full=True)
    return table


def stream(held):
    """A batch or a table as bytes."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, held.schema) as writer:
        writer.write(held)
    return memoryview(sink.getvalue())


ANSWERS = {"schema": schema, "rows": rows, "batches": batches}
