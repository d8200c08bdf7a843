class Net:
    def forward(self, x):
        return x + 1
