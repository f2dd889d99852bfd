"""Trajectories of torch.optim, and of one more Adam, on a small, badly scaled regression; float64. Writes optimizers.json beside this file."""

import json
from pathlib import Path

import torch

STEPS = 30


class RootAdam(torch.optim.Optimizer):
    """Adam by its equations, with epsilon under the root, which PyTorch does not have."""

    def __init__(self, parameters, lr, eps, weight_decay, betas=(0.9, 0.999)):
        super().__init__(parameters, dict(lr=lr, eps=eps, weight_decay=weight_decay, betas=betas))
        self.taken, self.m, self.v = 0, 0.0, 0.0

    @torch.no_grad()
    def step(self):
        (group,) = self.param_groups
        (w,) = group["params"]
        (beta1, beta2) = group["betas"]
        g = w.grad + group["weight_decay"] * w
        self.taken += 1
        self.m = beta1 * self.m + (1 - beta1) * g
        self.v = beta2 * self.v + (1 - beta2) * g**2
        mean, square = self.m / (1 - beta1**self.taken), self.v / (1 - beta2**self.taken)
        w -= group["lr"] * mean / torch.sqrt(square + group["eps"])


CASES = {
    "sgd": (torch.optim.SGD, {"lr": 0.01}),
    "sgd momentum": (torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}),
    "sgd nesterov": (torch.optim.SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    "adam": (torch.optim.Adam, {}),
    "adam fast": (torch.optim.Adam, {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}),
    "adam l2": (torch.optim.Adam, {"lr": 0.05, "weight_decay": 0.3}),
    "adam root": (RootAdam, {"lr": 0.05, "eps": 1e-2, "weight_decay": 0.1}),
    "adamW": (torch.optim.AdamW, {"lr": 0.05}),
    "adamW decay": (torch.optim.AdamW, {"lr": 0.05, "weight_decay": 0.5}),
    "adamax": (torch.optim.Adamax, {"lr": 1e-3}),
    "adamax fast": (torch.optim.Adamax, {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "rmsprop momentum": (torch.optim.RMSprop, {"lr": 0.003, "alpha": 0.9, "momentum": 0.7, "eps": 1e-4}),
}
MATRIX = torch.tensor([[1.0, 2.0, -1.0], [0.5, -3.0, 0.25], [2.0, 0.1, 0.01], [-1.0, 1.5, 0.3]], dtype=torch.float64)
TARGET = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
START = [0.3, -0.2, 1.0]


def loss(w):
    # The last weight's gradient vanishes often: that is where epsilons matter.
    return ((MATRIX @ w - TARGET) ** 2).mean() + 1e-5 * torch.sin(50 * w[2])


def trajectory(optimizer_class, options, clip=None):
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = optimizer_class([w], **options)
    visited = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(w).backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_([w], clip)
        optimizer.step()
        visited.append([float(f"{value:.12g}") for value in w.tolist()])
    return visited


golden = {
    "matrix": MATRIX.tolist(),
    "target": TARGET.tolist(),
    "start": START,
    "trajectories": {name: trajectory(*case) for name, case in CASES.items()},
    "clipped": trajectory(torch.optim.SGD, {"lr": 0.1}, clip=0.5),
}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
