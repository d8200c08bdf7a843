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
