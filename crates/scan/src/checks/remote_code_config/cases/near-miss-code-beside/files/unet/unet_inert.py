class InertUNet:
    pass
