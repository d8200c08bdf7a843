"""Writes versions.txt: versions in the order of the `packaging` library (26.4), equal ones on one line.

Run: python versions.py > versions.txt
"""

import itertools
import random

from packaging.version import Version

random.seed(440)
releases = ["0", "1", "1.0", "1.1", "1.10", "1.2", "2.5.1", "2.6.0", "0.2.72", "2024.10.1", "1!0.1"]
pres = ["", "a", "a0", "a1", ".alpha-2", "b3", "-beta4", "c1", "rc1", "rc.2", "preview3", "-pre"]
posts = ["", ".post1", "-2", ".rev3", "post", "-r4"]
devs = ["", ".dev0", "dev1", "-dev2", ".dev"]
locals_ = ["", "+cu124", "+cpu", "+1", "+cu.12-4", "+abc.2", "+2.abc"]
texts = ["".join(parts) for parts in itertools.product(releases, pres, posts, devs, locals_)]
texts = random.sample(texts, 700) + ["v1.0", "1.0.0", "1", "2.6", "v2.6.0.0", "1.0RC1", "1.0c1"]
groups = {}
for text in texts:
    groups.setdefault(Version(text), []).append(text)
print("# written by versions.py")
for version in sorted(groups):
    print(" ".join(sorted(set(groups[version]))))
