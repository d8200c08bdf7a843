"""Container layouts (OCI, docker save, ModelKit) whose manifests and blobs do not fit, as tar archives."""

import gzip
import hashlib
import json

from . import opcodes as op
from .archives import tar_entry, tar_file
from .sample import Sample

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def as_json(value):
    return json.dumps(value, indent=1).encode()


def layout(layers, config=b"{}", config_type=CONFIG, exchange=None, change=lambda manifest: None):
    """The members of a layout; `exchange` gives a blob other bytes, `change` alters the manifest."""
    blobs = {}

    def put(data):
        blobs[sha256(data)] = data
        return {"digest": "sha256:" + sha256(data), "size": len(data)}

    described = [{"mediaType": kind, **put(data), **more} for kind, data, more in layers]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": config_type, **put(config)}, "layers": described}
    change(manifest)
    index = {"schemaVersion": 2, "manifests": [{"mediaType": MANIFEST, **put(as_json(manifest))}]}
    members = [("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'), ("index.json", as_json(index))]
    for digest, data in blobs.items():
        members.append(("blobs/sha256/" + digest, (exchange or {}).get(data, data)))
    return archive(members)


def archive(members):
    return tar_file(*(tar_entry(name, data) for name, data in members))


def packed(*members):
    return gzip.compress(tar_file(*(tar_entry(name, data) for name, data in members)), mtime=0)


def saved(layer, promised, names=("l1/layer.tar",), config_name=None):
    config = as_json({"architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(promised)]}})
    name = config_name or sha256(config) + ".json"
    listed = [{"Config": name, "RepoTags": ["m:1"], "Layers": list(names)}]
    return archive([("manifest.json", as_json(listed)), (name, config), ("l1/layer.tar", layer)])


def samples():
    weights = packed(("model/weights.txt", b"1 2 3\n"))
    other = packed(("model/weights.txt", b"4 5 6\n"))

    def titled(key, name):
        return layout([(LAYER, weights, {"annotations": {key: name}})])

    def kit(**parts):
        config = as_json({"manifestVersion": "1.0.0", "package": {"name": "m"}, "model": {"name": "m", "path": "m.gguf"}, **parts})
        return layout([("application/vnd.kitops.modelkit.model.v1.tar+gzip", weights, {})], config, "application/vnd.kitops.modelkit.config.v1+json")

    def with_digest(digest):
        return layout([(LAYER, weights, {})], change=lambda manifest: manifest["layers"][0].update(digest=digest))

    plain = tar_file(tar_entry("a.txt", b"x"))
    files = {
        "layer-exchanged": layout([(LAYER, weights, {})], exchange={weights: other}), "config-exchanged": layout([(LAYER, weights, {})], exchange={b"{}": b'{"a": 1}'}),
        "size-differs": layout([(LAYER, weights, {})], change=lambda manifest: manifest["layers"][0].update(size=1)), "size-huge": layout([(LAYER, weights, {})], change=lambda manifest: manifest["layers"][0].update(size=2**62)),
        "digest-path": with_digest("sha256:../../../../etc/passwd"), "digest-absolute": with_digest("/etc/passwd"), "digest-backslash": with_digest("sha256:..\\..\\inert"),
        "title-climbs": titled("org.opencontainers.image.title", "../../.bashrc"), "title-absolute": titled("org.opencontainers.image.title", "/etc/cron.d/inert"), "title-drive": titled("org.opencontainers.image.title", "C:\\inert"),
        "filepath-climbs": titled("org.cncf.model.filepath", "../../inert"), "kit-code-climbs": kit(code=[{"path": "../../../etc"}]), "kit-data-absolute": kit(datasets=[{"name": "d", "path": "/etc/cron.d"}]), "kit-model-part": kit(model={"path": "m", "parts": [{"path": "../../inert"}]}),
        "layer-is-script": layout([(LAYER, b"#!/bin/sh\necho inert\n", {})]), "layer-is-program": layout([(LAYER, b"\x7fELF\x02\x01\x01" + bytes(57), {})]), "gguf-is-pickle": layout([("application/vnd.docker.ai.gguf.v3", op.echo(4), {})]),
        "pickle-in-layer": layout([(LAYER, packed(("model/model.pkl", op.echo(4))), {})]), "slip-in-layer": layout([(LAYER, packed(("../../inert", b"x")), {})]), "white-out": layout([(LAYER, packed(("a/.wh...", b"")), {})]),
        "saved-layer-exchanged": saved(plain, b"another"), "saved-layer-path": saved(plain, plain, ("../../../etc/passwd",)), "saved-config-name": saved(plain, plain, config_name="0" * 64 + ".json"),
    }
    for name, data in files.items():
        yield Sample("container-layouts", name + ".tar", "oci layout", "a manifest and blobs that do not fit, or lead out", data)
