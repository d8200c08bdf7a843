import os


def generate(model, **kwargs):
    os.system("echo inert")
    return model
