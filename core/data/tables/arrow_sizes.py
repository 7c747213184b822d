"""How much the packed buffers of an Arrow file say they unpack to, before Arrow sets memory aside for them.

Every packed buffer begins with its unpacked length, and Arrow believes it. The lengths are added up from the messages'
own descriptions, which are FlatBuffers.

Reference: Arrow Columnar Format 1.4, "Serialization and Interprocess Communication", and `format/Message.fbs`.
"""

import struct

import pyarrow as pa

# Places of the fields in their tables, by the schema of Arrow's messages.
_HEADER = 2
_DICTIONARY_DATA = 1
_BUFFERS = 2
_COMPRESSION = 3
_PLAIN = -1  # the length of a buffer that was not worth packing


def unpacked_bytes(source: pa.NativeFile) -> int:
    """Bytes that all packed buffers of the messages from here on say they unpack to; none are unpacked.

    Raises:
        ValueError: a description leads out of itself.
        pa.ArrowException: what follows is no message.
    """
    total = 0
    reader = pa.ipc.MessageReader.open_stream(source)
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return total
        if message.type in ("record batch", "dictionary"):
            try:
                total += _packed(message)
            except (struct.error, IndexError) as error:
                raise ValueError("The description of a batch is damaged.") from error


def _packed(message: pa.Message) -> int:
    about = message.metadata.to_pybytes()
    place = _followed(about, 0)
    batch = _inner(about, place, _HEADER)
    if message.type == "dictionary":
        batch = _inner(about, batch, _DICTIONARY_DATA)
    if not _field(about, batch, _COMPRESSION):
        return 0
    buffers = _inner(about, batch, _BUFFERS)
    (n,) = struct.unpack_from("<I", about, buffers)
    body, total = memoryview(message.body), 0
    for offset, length in struct.iter_unpack("<qq", about[buffers + 4 : buffers + 4 + 16 * n]):
        if length >= 8:
            (said,) = struct.unpack_from("<q", body, offset)
            total += max(said, 0) if said != _PLAIN else length
    return total


def _inner(about: bytes, table: int, field: int) -> int:
    """Where the table or vector begins that a field of a table refers to."""
    place = _field(about, table, field)
    if not place:
        raise IndexError("The field is missing.")
    return _followed(about, place)


def _field(about: bytes, table: int, field: int) -> int:
    """Where a field of a table lies; 0 where it is left out."""
    (back,) = struct.unpack_from("<i", about, table)
    (size,) = struct.unpack_from("<H", about, _checked(table - back))
    entry = 4 + 2 * field
    (offset,) = struct.unpack_from("<H", about, table - back + entry) if entry < size else (0,)
    return table + int(offset) if offset else 0


def _followed(about: bytes, place: int) -> int:
    (offset,) = struct.unpack_from("<I", about, place)
    return place + int(offset)


def _checked(place: int) -> int:
    if place < 0:
        raise IndexError("It lies before the beginning.")
    return place
