"""Recipes of inert attack files: each module yields `Sample`s, bytes written by hand."""

from . import boosted, configs, containers, engines, gadgets, gaps, graphs, headers, layouts, mobile, msgpack, packages, pickles, rdata, torchscript

RECIPES = tuple(
    module.samples
    for module in (gadgets, pickles, containers, graphs, headers, configs, rdata, torchscript, msgpack, layouts, engines, packages, boosted, mobile, gaps)
)
