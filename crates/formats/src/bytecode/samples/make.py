import marshal, base64, sys
SOURCE = '''
def ordinary(model, data, flag=None, *rest, **more):
    import numpy as np
    from math import sqrt
    import os.path
    total = np.mean(data) + sqrt(2)
    model.eval()
    if flag:
        total = getattr(model, "forward", None)(data)
    for row in data:
        total = total + np.exp(row[0])
    return os.path.join("a", "b"), [y * total for y in data]

class Wrapper:
    def predict(self, context, frame):
        return self.model.run(frame.values).astype("float32")

def hostile():
    import os as renamed
    renamed.system("echo inert")

def escaping(which):
    import os
    module = os if which else None
    module.system("echo inert")

def reads(path):
    with open(f"{path}/w", encoding="utf-8") as file:
        return file.read(), "w"

def writes(path):
    return open(path, "w"), open(path, mode="rb")

def reads_bytes(path):
    return open(path, mode="rb").read(), "w"

def built(what):
    return getattr(what, "sys" + "tem"), getattr(what, what.name)
'''
print(base64.b64encode(marshal.dumps(compile(SOURCE, "sample.py", "exec"))).decode())
