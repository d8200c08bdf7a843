"""The smallest HDF5 file that holds attributes: superblock 0, one root group without members."""

import struct

UNDEFINED = 2**64 - 1


def attribute(name, value):
    """A scalar attribute of fixed-length text."""
    name = name.encode() + b"\0"
    kind = struct.pack("<BBBBI", 0x13, 0, 0, 0, len(value))
    space = struct.pack("<BBBB4x", 1, 0, 0, 0)
    pad = lambda raw: raw + bytes(-len(raw) % 8)
    return struct.pack("<BBHHH", 1, 0, len(name), len(kind), len(space)) + pad(name) + pad(kind) + pad(space) + value


def object_message(kind, body):
    body += bytes(-len(body) % 8)
    return struct.pack("<HHB3x", kind, len(body), 0) + body


def file_with(attributes, more=b"", free=b""):
    """Messages beside the attributes, and what lies in the free space of its heap."""
    heap_data = bytes(8)
    if free:
        free += bytes(-len(free) % 8)
        # Free space begins with the place of the next block, 1 for none, and its own length.
        heap_data += struct.pack("<QQ", 1, 16 + len(free)) + free
    header_at, group = 96, b""
    messages = [(name, object_message(0x0C, attribute(name, value))) for name, value in attributes.items()]
    size = 24 + sum(len(message) for _, message in messages) + len(more)
    tree_at = header_at + 16 + size
    heap_at = tree_at + 24 + 8 * 33 + 8 * 32
    data_at = heap_at + 32
    end = data_at + len(heap_data)
    group = object_message(0x11, struct.pack("<QQ", tree_at, heap_at))
    header = struct.pack("<BBHII4x", 1, 0, 1 + len(messages) + bool(more), 1, size) + group + b"".join(message for _, message in messages) + more
    tree = b"TREE" + struct.pack("<BBHQQ", 0, 0, 0, UNDEFINED, UNDEFINED) + bytes(8 * 33 + 8 * 32)
    heap = b"HEAP" + struct.pack("<B3xQQQ", 0, len(heap_data), 8 if free else 1, data_at) + heap_data
    superblock = b"\x89HDF\r\n\x1a\n" + struct.pack("<8BHHIQQQQ", 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0, 0, UNDEFINED, end, UNDEFINED)
    superblock += struct.pack("<QQII", 0, header_at, 1, 0) + struct.pack("<QQ", tree_at, heap_at)
    return superblock + header + tree + heap


def packed_values(values, packed):
    """A file with one data set of bytes, in one chunk that is packed by deflate (layout 4, one chunk with a filter)."""

    def start(at):
        # A group of the newer kind: where its links would be when there are many, and one link.
        messages = object_message(0x02, struct.pack("<BBQQ", 0, 0, UNDEFINED, UNDEFINED))
        messages += object_message(0x06, struct.pack("<BBB", 1, 0, 1) + b"d" + struct.pack("<Q", at))
        header = struct.pack("<BBHII4x", 1, 0, 2, 1, len(messages)) + messages
        superblock = b"\x89HDF\r\n\x1a\n" + struct.pack("<8BHHIQQQQ", 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0, 0, UNDEFINED, end, UNDEFINED)
        return superblock + struct.pack("<QQII16x", 0, 96, 0, 0) + header

    end = 0
    at = len(start(0))
    count = len(values)

    def dataset(chunk):
        messages = object_message(0x01, struct.pack("<BBBB4xQ", 1, 1, 0, 0, count))
        messages += object_message(0x03, struct.pack("<BBBBIHH", 0x10, 0, 0, 0, 1, 0, 8))
        messages += object_message(0x0B, struct.pack("<BBHHHI", 2, 1, 1, 0, 1, 6))
        messages += object_message(0x08, struct.pack("<8BQIQ", 4, 2, 2, 2, 1, count, 1, 1, len(packed), 0, chunk))
        return struct.pack("<BBHII4x", 1, 0, 4, 1, len(messages)) + messages

    end = at + len(dataset(0)) + len(packed)
    return start(at) + dataset(at + len(dataset(0))) + packed
