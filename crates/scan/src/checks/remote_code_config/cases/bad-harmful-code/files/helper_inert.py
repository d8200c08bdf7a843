from os import system as run


def prepare(x):
    run("echo inert")
    return x
