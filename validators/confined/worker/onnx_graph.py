"""What an ONNX file says of itself, read from its bytes before any parser in C sees them: data kept elsewhere, names of classes.

ONNX is protocol buffers: fields of a number and a wire type, messages within messages. Numbers of fields are those of onnx.proto.
"""

import struct

VARINT, EIGHT, LENGTH, FOUR = 0, 1, 2, 5
DEEPEST = 32
# message: {field: message in it}; only the ways to tensors and attributes
MODEL, GRAPH, NODE, ATTRIBUTE, TENSOR, SPARSE, FUNCTION, TRAINING = range(8)
INSIDE = {
    MODEL: {7: GRAPH, 20: TRAINING, 25: FUNCTION},
    GRAPH: {1: NODE, 5: TENSOR, 15: SPARSE},
    NODE: {5: ATTRIBUTE},
    ATTRIBUTE: {5: TENSOR, 6: GRAPH, 10: TENSOR, 11: GRAPH, 22: SPARSE, 23: SPARSE},
    TENSOR: {},
    SPARSE: {1: TENSOR, 2: TENSOR},
    FUNCTION: {7: NODE, 11: ATTRIBUTE},
    TRAINING: {1: GRAPH, 2: GRAPH},
}
EXTERNAL = (
    "the file keeps some of its data in other files (external_data), which are never read; save it with all data inside"
)


def classes_of(data):
    """Lists of class labels in the file, each once, of its classifiers first; ValueError where it keeps data in other files."""
    if data[4:8] == b"ORTM":
        raise ValueError("the file is in the format of ONNX Runtime alone; give the .onnx file that it was made of")
    labels, constants = [], []
    waiting = [(MODEL, memoryview(data), 0)]
    while waiting:
        kind, held, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(f"graphs lie more than {DEEPEST} deep in one another")
        fields = list(fields_of(held))
        if kind == TENSOR:
            if any(number == 13 or (number == 14 and value != 0) for number, _, value in fields):
                raise ValueError(EXTERNAL)
            constants += constant_classes(fields)
        if kind == ATTRIBUTE:
            labels += attribute_classes(fields)
        inside = INSIDE[kind]
        waiting += [(inside[n], value, depth + 1) for n, wire, value in fields if n in inside and wire == LENGTH]
    return list(dict.fromkeys(map(tuple, labels))) or list(dict.fromkeys(map(tuple, constants)))


def fields_of(held):
    """(number, wire type, value) of every field: a whole number, or bytes as a view."""
    at, end = 0, len(held)
    while at < end:
        tag, at = varint(held, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = varint(held, at)
        elif wire in (EIGHT, LENGTH, FOUR):
            size, at = varint(held, at) if wire == LENGTH else (8 if wire == EIGHT else 4, at)
            value, at = held[at : at + size], at + size
        else:
            raise ValueError("the file is no ONNX model")
        if at > end or number == 0:
            raise ValueError("the file is no ONNX model, or was cut off")
        yield number, wire, value


def varint(held, at):
    """A whole number of 1 to 10 bytes, and the place after it."""
    value = 0
    for k in range(10):
        if at + k >= len(held):
            raise ValueError("the file is no ONNX model, or was cut off")
        value |= (held[at + k] & 127) << (7 * k)
        if held[at + k] < 128:
            return value & (1 << 64) - 1, at + k + 1
    raise ValueError("the file is no ONNX model")


def attribute_classes(fields):
    """The labels that an attribute of a classifier or a map lists."""
    name = next((bytes(v) for n, w, v in fields if n == 1 and w == LENGTH), b"")
    if not name.startswith(b"classlabels_"):
        return []
    texts = [bytes(v).decode("utf-8", "replace") for n, w, v in fields if n == 9 and w == LENGTH]
    found = texts or whole_numbers(fields, 8)
    return [found] if found else []


def constant_classes(fields):
    """The labels in a constant called `classes`, as scikit-learn's converter names them."""
    name = next((bytes(v) for n, w, v in fields if n == 8 and w == LENGTH), b"")
    if not name.startswith(b"classes") or name.startswith(b"classes_ind"):
        return []
    texts = [bytes(v).decode("utf-8", "replace") for n, w, v in fields if n == 6 and w == LENGTH]
    raw = next((v for n, w, v in fields if n == 9 and w == LENGTH), b"")
    code = {6: "<i", 7: "<q"}.get(next((v for n, w, v in fields if n == 2 and w == VARINT), 0))
    numbers = [v for (v,) in struct.iter_unpack(code, raw)] if code and len(raw) % struct.calcsize(code) == 0 else []
    found = texts or numbers or whole_numbers(fields, 7) or whole_numbers(fields, 5)
    return [found] if found else []


def whole_numbers(fields, number):
    """Signed numbers of a repeated field, packed or not."""
    found = []
    for n, wire, value in fields:
        if n == number and wire == VARINT:
            found.append(value)
        elif n == number and wire == LENGTH:
            at = 0
            while at < len(value):
                one, at = varint(value, at)
                found.append(one)
    return [v - (1 << 64) if v >> 63 else v for v in found]
