"""The training step of the any-order network in PyTorch, for step.ts: reads the layout and a batch as JSON from the first line of stdin, then
for each further line takes as many steps as it says, and prints the milliseconds of one."""
import json
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
torch.manual_seed(0)
task = json.loads(sys.stdin.readline())
UNIFORM_SHARE, FLAT_DENSITY, LEAST_MASS = 1e-4, 1e-6, 1e-7
hidden, features, components = task["hidden"], task["features"], task["components"]


def tensor(found):
    return torch.tensor(found["values"], dtype=torch.long if found["integer"] else torch.float32).reshape(found["shape"])


batch = {name: {key: tensor(value) for key, value in part.items()} for name, part in task["batch"].items()}
constants = {name: tensor(value) for name, value in task["constants"].items()}


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.first, self.second = nn.LayerNorm(hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)

    def forward(self, x):
        return x + self.second(F.silu(self.first(self.norm(x))))


class Head(nn.Module):
    def __init__(self, columns, outputs):
        super().__init__()
        self.kernel = nn.Parameter(0.01 * torch.randn(columns, hidden, outputs))
        self.bias = nn.Parameter(torch.zeros(columns, 1, outputs))

    def forward(self, states, rows):
        columns, room = rows.shape
        return torch.baddbmm(self.bias, states[rows.flatten()].view(columns, room, hidden), self.kernel)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        width = batch["seen"]["codes"].shape[1]
        self.embedding = nn.Embedding(task["vectors"], features)
        blocks = [Block() for _ in range(task["blocks"])]
        self.trunk = nn.Sequential(nn.Linear(width * (features + 2), hidden), *blocks, nn.LayerNorm(hidden))
        self.indices = constants["numbers/absent"].shape[-1]
        self.numbers = Head(constants["numbers/absent"].shape[0], self.indices + 3 * components)
        self.categories = Head(constants["categories/absent"].shape[0], constants["categories/absent"].shape[-1])

    def forward(self):
        seen = batch["seen"]
        vectors = self.embedding(seen["codes"]).flatten(1)
        states = self.trunk(torch.cat([vectors, seen["features"]], 1))
        return -(self.of_numbers(states) + self.of_categories(states)) / len(states)

    def of_categories(self, states):
        t = batch["categories"]
        logits = F.log_softmax(self.categories(states, t["rows"]) + constants["categories/absent"], -1)
        chosen = logits.gather(-1, t["indices"][..., None])[..., 0]
        return (t["weights"] * with_uniform(chosen, constants["categories/uniform"])).sum()

    def of_numbers(self, states):
        t = batch["numbers"]
        outputs = self.numbers(states, t["rows"])
        own, weights, means, scales = outputs.split([self.indices, components, components, components], -1)
        weights = F.log_softmax(weights, -1)
        scales = scales.clamp(-12, 3).exp() + constants["numbers/minScale"]
        places = (constants["numbers/edges"] - means[..., None]) / scales[..., None]
        cdf = (weights.exp()[..., None, :] @ places.sigmoid())[..., 0, :]
        masses = F.pad((F.relu(cdf.diff(dim=-1)) + LEAST_MASS).log(), (0, 1))
        bins = F.log_softmax(own + masses + constants["numbers/absent"], -1)
        chosen = bins.gather(-1, t["indices"][..., None])[..., 0]
        inside = log_mass(weights, means, scales, t["low"], t["width"]) - log_mass(
            weights, means, scales, t["binLow"], t["binWidth"]
        )
        return (t["weights"] * with_uniform(chosen + inside, constants["numbers/uniform"])).sum()


def log_mass(weights, means, scales, low, width):
    a, d = (low[..., None] - means) / scales, width[..., None] / scales
    component = torch.log(-torch.expm1(-d)) - F.softplus(-(a + d)) - F.softplus(a)
    return torch.logaddexp(torch.logsumexp(weights + component, -1), (width * FLAT_DENSITY).log())


def with_uniform(log_prob, log_uniform):
    return torch.logaddexp(log_prob + math.log1p(-UNIFORM_SHARE), log_uniform)


network = Network()
parameters = list(network.parameters())
averages = [parameter.detach().clone() for parameter in parameters]
optimizer = torch.optim.AdamW(parameters, lr=2e-3, betas=(0.9, 0.99), weight_decay=0.01)
print(json.dumps({"parameters": sum(parameter.numel() for parameter in parameters)}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(int(line)):
        optimizer.zero_grad()
        loss = network()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 2)
        optimizer.step()
        torch._foreach_mul_(averages, 0.998)
        torch._foreach_add_(averages, [parameter.detach() for parameter in parameters], alpha=0.002)
    print(json.dumps({"ms": 1000 * (time.perf_counter() - start) / int(line), "loss": loss.item()}), flush=True)
