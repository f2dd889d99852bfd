"""Reference values of gradient penalties from PyTorch in double precision; writes penalties.json beside this file.

Run with a Python that has PyTorch:  python3 penalties.py
Each row is a critic, two batches and, for each penalty, its value and its gradient with respect to each weight. Weights are written
in the layouts of @dgm/core.
"""
import json
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
random = np.random.RandomState(20260122)

ACTIVATIONS = {
    "relu": F.relu,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.01),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "swish": F.silu,
    "mish": F.mish,
    "gelu": F.gelu,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
    "quickGelu": lambda x: x * torch.sigmoid(1.702 * x),
    "elu": F.elu,
    "selu": F.selu,
    "softsign": F.softsign,
}


def draw(*shape, scale=1.0):
    return torch.tensor(np.round(scale * random.randn(*shape), 3))


def plain(tensor):
    def walk(x):
        return [walk(y) for y in x] if isinstance(x, list) else float(f"{x:.12g}")

    return walk(tensor.detach().tolist())


def weights(*shapes):
    return [draw(*shape, scale=0.6).requires_grad_(True) for shape in shapes]


def dense_critic(activation):
    w = weights((3, 4), (4,), (4, 4), (4,), (4, 1), (1,))

    def scores(x):
        h = activation(x @ w[0] + w[1])
        h = activation(h @ w[2] + w[3])
        return (h @ w[4] + w[5])[:, 0]

    return w, scores, (3,)


def conv_critic():
    """4 x 4 images of one channel: two convolutions, the second of stride 2, and a dense layer."""
    w = weights((3, 3, 1, 2), (2,), (3, 3, 2, 2), (2,), (8, 1), (1,))

    def scores(x):
        h = x.reshape(-1, 1, 4, 4)
        h = F.softplus(F.conv2d(h, w[0].permute(3, 2, 0, 1), w[1], padding=1))
        # 'same' padding of an even size at stride 2 pads the end only.
        h = F.softplus(F.conv2d(F.pad(h, (0, 1, 0, 1)), w[2].permute(3, 2, 0, 1), w[3], stride=2))
        return (h.permute(0, 2, 3, 1).reshape(-1, 8) @ w[4] + w[5])[:, 0]

    return w, scores, (16,)


def layer_norm_critic():
    w = weights((3, 4), (4,), (4,), (4,), (4, 1), (1,))

    def scores(x):
        h = F.layer_norm(x @ w[0] + w[1], (4,), 1 + w[2], w[3], eps=1e-5)
        return (torch.tanh(h) @ w[4] + w[5])[:, 0]

    return w, scores, (3,)


def input_gradients(scores, x):
    x = x.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(scores(x).sum(), x, create_graph=True)
    return gradient.reshape(len(x), -1)


def row(name, made):
    w, scores, event = made
    real, fake, u = draw(4, *event), draw(4, *event), torch.tensor(np.round(random.rand(4, 1), 3))
    between = fake + u * (real - fake)
    values = {
        "r1": 0.5 * (input_gradients(scores, real) ** 2).sum(1).mean(),
        "r2": 0.5 * (input_gradients(scores, fake) ** 2).sum(1).mean(),
        "wgan": 10 * ((input_gradients(scores, between).norm(dim=1) - 1) ** 2).mean(),
    }
    penalties = {}
    for kind, value in values.items():
        gradients = torch.autograd.grad(value, w, allow_unused=True)
        gradients = [torch.zeros_like(v) if g is None else g for v, g in zip(w, gradients)]
        penalties[kind] = {"value": plain(value), "gradients": [plain(g) for g in gradients]}
    return {
        "name": name,
        "weights": [plain(v) for v in w],
        "real": plain(real),
        "fake": plain(fake),
        "u": plain(u),
        "penalties": penalties,
    }


rows = [row(name, dense_critic(activation)) for name, activation in ACTIVATIONS.items()]
rows += [row("convolutions", conv_critic()), row("layer norm", layer_norm_critic())]
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(rows, separators=(",", ":")) + "\n")
