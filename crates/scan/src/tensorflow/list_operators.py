"""Prints every operator that the installed TensorFlow registers, one a line, sorted.

known_operators.txt is the union of what this prints for tensorflow-cpu 2.12.1 and 2.21.0
(`LC_ALL=C sort -u`). It loads no model.
"""

from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

operators = op_def_pb2.OpList()
operators.ParseFromString(
    pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
)
print("\n".join(sorted(operator.name for operator in operators.op)))
