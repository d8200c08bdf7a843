"""Prints every operator that the installed torch and torchvision register, one a line, sorted.

`known_operators.txt` is what this prints for torch 2.15.0 and torchvision 0.29.2. It loads no model.
"""

import torch
import torchvision  # registers operators of its own

names = {str(schema).split("(")[0].split(".")[0] for schema in torch._C._jit_get_all_schemas()}
print("\n".join(sorted(names)))
