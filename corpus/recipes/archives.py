"""Zip and tar written record by record, so that every field can lie."""

import struct
import zlib


class Member:
    """One zip member; what is None is told truly."""

    def __init__(self, name, data, *, local=None, flags=0, local_flags=None, method=0, crc=None, size=None, packed=None, attributes=0, extra=b"", local_extra=None, directory=True, local_size=None):
        self.name, self.data, self.local, self.flags, self.method = name, data, local, flags, method
        self.local_flags = flags if local_flags is None else local_flags
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.stored = compressor.compress(data) + compressor.flush() if method == 8 else data
        self.crc = zlib.crc32(data) if crc is None else crc
        self.size = len(data) if size is None else size
        self.packed = len(self.stored) if packed is None else packed
        self.local_size = self.packed if local_size is None else local_size
        self.attributes, self.extra, self.directory = attributes, extra, directory
        self.local_extra = extra if local_extra is None else local_extra


def as_bytes(name):
    return name if isinstance(name, bytes) else name.encode()


def zip_file(members, *, prefix=b"", comment=b"", tail=b"", count=None, adjusted=True, no_end=False, magic=b"PK\x03\x04"):
    """Members, directory and end record. With `adjusted` the offsets count the prefix."""
    out, directory, listed = bytearray(prefix), bytearray(), 0
    for member in members:
        at = len(out) - (0 if adjusted else len(prefix))
        local = as_bytes(member.name if member.local is None else member.local)
        out += magic + struct.pack("<5H3I2H", 20, member.local_flags, member.method, 0, 33, member.crc, member.local_size, member.size, len(local), len(member.local_extra)) + local + member.local_extra
        out += member.stored
        if member.directory:
            name = as_bytes(member.name)
            listed += 1
            directory += b"PK\x01\x02" + struct.pack("<6H3I5H2I", 0x314, 20, member.flags, member.method, 0, 33, member.crc, member.packed, member.size, len(name), len(member.extra), 0, 0, 0, member.attributes << 16, at) + name + member.extra
    at = len(out) - (0 if adjusted else len(prefix))
    out += directory
    if not no_end:
        count = listed if count is None else count
        out += b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, count, count, len(directory), at, len(comment)) + comment
    return bytes(out + tail)


def simple_zip(files, **options):
    return zip_file([Member(name, data) for name, data in files], **options)


def tar_entry(name, data=b"", kind=b"0", link="", prefix=""):
    header = bytearray(512)

    def put(at, raw):
        header[at : at + len(raw)] = raw

    put(0, as_bytes(name)[:100])
    put(100, b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % len(data) + b"00000000000\0" + b" " * 8 + kind)
    put(157, as_bytes(link)[:100])
    put(257, b"ustar\x0000")
    put(345, as_bytes(prefix))
    put(148, b"%06o\0 " % sum(header))
    return bytes(header) + data + bytes(-len(data) % 512)


def tar_file(*entries):
    return b"".join(entries) + bytes(1024)
