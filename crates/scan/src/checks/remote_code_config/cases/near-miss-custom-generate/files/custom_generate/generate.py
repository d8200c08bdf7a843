import torch


def generate(model, input_ids, **kwargs):
    while True:
        logits = model(input_ids).logits[:, -1]
        input_ids = torch.cat([input_ids, logits.argmax(-1, keepdim=True)], dim=-1)
