"""An ONNX model of a single node, written as protocol buffers by hand: it takes a page, and no library.

Field numbers are those of onnx.proto3 (github.com/onnx/onnx, IR version 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack

IR_VERSION = 8

ELEMENT_TYPES = {"float32": 1, "float16": 10, "float64": 11, "bfloat16": 16}
"""TensorProto.DataType of our formats."""

_FLOAT, _INT, _STRING = 1, 2, 3


def one_node(
    operator: str, attributes: Mapping[str, float | int | str], dtype: str, axes: int, opset: int, domain: str = ""
) -> bytes:
    """Return the model y = operator(x) for tensors of a dtype and a number of axes of any length."""
    node = _text(1, "x") + _text(2, "y") + _text(4, operator)
    node += b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
    node += _text(7, domain)
    shape = b"".join(_bytes(1, _text(2, f"n{axis}")) for axis in range(axes))
    tensor = _bytes(1, _integer(1, ELEMENT_TYPES[dtype]) + _bytes(2, shape))
    graph = _bytes(1, node) + _text(2, operator)
    graph += b"".join(_bytes(field, _text(1, name) + _bytes(2, tensor)) for field, name in ((11, "x"), (12, "y")))
    return _integer(1, IR_VERSION) + _bytes(7, graph) + _bytes(8, _text(1, domain) + _integer(2, opset))


def _attribute(name: str, value: float | int | str) -> bytes:
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _integer(20, _STRING)
    if isinstance(value, int):
        return _text(1, name) + _integer(3, value) + _integer(20, _INT)
    return _text(1, name) + _varint(2 << 3 | 5) + pack("<f", value) + _integer(20, _FLOAT)


def _varint(number: int) -> bytes:
    """Return a number seven bits a byte, the lowest first; negative ones as 64-bit two's complement."""
    number &= (1 << 64) - 1
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, content: str) -> bytes:
    return _bytes(field, content.encode())
