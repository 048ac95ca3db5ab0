"""The few bits of protobuf's wire format that kubectl insists on.

See https://protobuf.dev/programming-guides/encoding/: a message is a row of (field number, wire type, value).
"""

from __future__ import annotations

#: Kubernetes' protobuf bodies begin with this, then hold a runtime.Unknown.
MAGIC = b"k8s\x00"
_LENGTH_DELIMITED = 2


class Malformed(ValueError):
    """Bytes that are no protobuf message."""


def message(number: int, content: bytes) -> bytes:
    """A field that holds a message."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def text(number: int, value: str) -> bytes:
    """A field that holds a string."""
    return message(number, value.encode())


def fields(content: bytes) -> dict[int, bytes]:
    """The length-delimited fields of a message by number, the last of each; numbers are skipped over.

    Raises :class:`Malformed`.
    """
    found: dict[int, bytes] = {}
    position = 0
    while position < len(content):
        key, position = _read_varint(content, position)
        match key & 7:
            case 0:
                _, position = _read_varint(content, position)
            case 1:
                position += 8
            case 2:
                length, position = _read_varint(content, position)
                found[key >> 3] = content[position : position + length]
                position += length
            case 5:
                position += 4
            case _:
                raise Malformed("wire type")
    if position != len(content):
        raise Malformed("cut short")
    return found


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _read_varint(content: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(content):
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position
    raise Malformed("cut short")
