"""Writes book.json: the causal convolution and the network of DGM Listings 2.1-2.3, in PyTorch, float64."""
import json
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


class CausalConv1d(nn.Module):
    def __init__(self, inputs, outputs, kernel_size, dilation, option_a):
        super().__init__()
        self.option_a = option_a
        self.padding = (kernel_size - 1) * dilation + option_a
        self.conv1d = nn.Conv1d(inputs, outputs, kernel_size, dilation=dilation)

    def forward(self, x):
        y = self.conv1d(nn.functional.pad(x, (self.padding, 0)))
        return y[:, :, :-1] if self.option_a else y


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def weights(layer):
    """[outputs, inputs, width] to [width, inputs, outputs]."""
    return {"kernel": numbers(layer.conv1d.weight.permute(2, 1, 0)), "bias": numbers(layer.conv1d.bias)}


def rounded(module):
    """Weights that float32 holds exactly, so that both sides compute with the same ones."""
    for parameter in module.parameters():
        parameter.data = parameter.data.float().double()
    return module


convolutions = []
for option in "AB":
    for width, dilation in [(1, 1), (2, 1), (3, 2), (2, 3)]:
        layer = rounded(CausalConv1d(2, 3, width, dilation, int(option == "A")))
        x = torch.randn(2, 2, 7).float().double()
        convolutions.append(
            {
                "option": option,
                "kernelSize": width,
                "dilation": dilation,
                **weights(layer),
                "x": numbers(x.permute(0, 2, 1)),
                "y": numbers(layer(x).permute(0, 2, 1)),
            }
        )

HIDDEN, VALUES, WIDTH, DIMS = 4, 5, 3, 6
sizes = [(1, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, VALUES)]
layers = [rounded(CausalConv1d(i, o, WIDTH, 1, int(index == 0))) for index, (i, o) in enumerate(sizes)]
network = nn.Sequential(layers[0], nn.LeakyReLU(), layers[1], nn.LeakyReLU(), layers[2], nn.LeakyReLU(), layers[3])
x = torch.randint(0, VALUES, (3, DIMS)).double()
log_probs = torch.log_softmax(network(x.unsqueeze(1)).permute(0, 2, 1), 2)
log_prob = log_probs.gather(2, x.long().unsqueeze(2)).sum((1, 2))

golden = {
    "convolutions": convolutions,
    "model": {
        "hidden": HIDDEN,
        "values": VALUES,
        "kernelSize": WIDTH,
        "layers": [weights(layer) for layer in layers],
        "x": numbers(x),
        "logProb": numbers(log_prob),
    },
}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
