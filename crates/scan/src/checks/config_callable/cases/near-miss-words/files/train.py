import os


class Model:
    _target_ = "x"
    def run(self):
        return os.system
