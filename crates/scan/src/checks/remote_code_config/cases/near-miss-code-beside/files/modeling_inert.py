import requests
import torch

from .configuration_inert import InertConfig


class InertModel(torch.nn.Module):
    """Never calls os.system."""

    def image(self, url):
        return requests.get(url).content

    def forward(self, x):
        self.eval()
        return x
