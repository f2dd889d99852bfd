"""Writes decoder.json: an LSTM whose first input and state come from a context, with teacher forcing, in PyTorch, float64."""
import json
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)

HIDDEN, VALUES, CONTEXT, DIMS, ROWS = 4, 3, 2, 5, 3


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


start, lstm, output = nn.Linear(CONTEXT, VALUES + 2 * HIDDEN), nn.LSTM(VALUES, HIDDEN, batch_first=True), nn.Linear(HIDDEN, VALUES)
for module in (start, lstm, output):
    for parameter in module.parameters():
        parameter.data = parameter.data.float().double()  # both sides compute with the same weights

context = torch.randn(ROWS, CONTEXT).float().double()
x = torch.randint(0, VALUES, (ROWS, DIMS))
first, hidden, cell = start(context).split([VALUES, HIDDEN, HIDDEN], dim=1)
inputs = torch.cat([first[:, None], nn.functional.one_hot(x, VALUES).double()[:, :-1]], 1)
states, _ = lstm(inputs, (hidden[None], cell[None]))
log_prob = torch.log_softmax(output(states), 2).gather(2, x[:, :, None]).sum((1, 2))

golden = {
    "hidden": HIDDEN,
    "values": VALUES,
    "context": numbers(context),
    "x": x.flatten().tolist(),
    "logProb": numbers(log_prob),
    "weights": {
        "network/body/0/cell/inputKernel": numbers(lstm.weight_ih_l0.T),
        "network/body/0/cell/hiddenKernel": numbers(lstm.weight_hh_l0.T),
        "network/body/0/cell/inputBias": numbers(lstm.bias_ih_l0),
        "network/body/0/cell/hiddenBias": numbers(lstm.bias_hh_l0),
        "network/body/2/kernel": numbers(output.weight.T),
        "network/body/2/bias": numbers(output.bias),
        "network/start/0/kernel": numbers(start.weight.T),
        "network/start/0/bias": numbers(start.bias),
    },
}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
