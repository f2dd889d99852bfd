"""The neural compressor of apps/benchmark/src/recipes/compress.ts: one model for seven rates (DGM §8.4, Listings 8.1-8.5)."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import RoundStraightThrough, mlp

BETAS = (3.5, 1.8, 0.9, 0.45, 0.22, 0.11, 0.05)
GROUPS = (4, 4, 8, 16)
COMPONENTS = 3
# As in packages/compress/src/lossy/code-distribution.ts: a network that has hardly learned may give infinite scales.
LARGEST_LOG_SCALE = 16


class Parallel(nn.Module):
    """The sum of a linear map and of a network."""

    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.network = mlp(inputs, hidden, outputs, activation=nn.SiLU)

    def forward(self, x):
        return self.linear(x) + self.network(x)


def broad_start(entries):
    """Log-weights, means and log-scales `[3, entries, components]`, flat: a network adds to them."""
    means = 2.0 * (2 * torch.arange(COMPONENTS) + 1 - COMPONENTS)
    weights = torch.zeros(entries, COMPONENTS)
    return torch.stack([weights, means.expand(entries, -1), torch.ones(entries, COMPONENTS)]).flatten()


def log_prob(parameters, y):
    """Of mixtures of logistics convolved with the uniform distribution on [-1/2, 1/2], summed up over the entries of `y`."""
    logits, mean, log_scale = parameters.view(len(y), 3, y.shape[1], COMPONENTS).unbind(1)
    inverse = torch.exp(-log_scale)
    deviation = y.unsqueeze(-1) - mean
    upper = F.logsigmoid((deviation + 0.5) * inverse)
    lower = F.logsigmoid((0.5 - deviation) * inverse)
    each = upper + lower + torch.log(-torch.expm1(-inverse))
    return torch.logsumexp(F.log_softmax(logits, -1) + each, -1).sum(1)


class Compressor(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.shape, dims = task.shape, math.prod(task.shape)
        self.half = (task.levels - 1) / 2
        hidden = task.width or (32 if task.quick else 192)
        size, rates = sum(GROUPS), len(BETAS)
        self.encoder = Parallel(dims, hidden, size)
        self.decoder = Parallel(size, hidden, dims)
        self.first = nn.Parameter(broad_start(GROUPS[0]).repeat(rates, 1))
        units = 16 if task.quick else 64
        before = [sum(GROUPS[:group]) for group in range(1, len(GROUPS))]
        self.networks = nn.ModuleList(
            mlp(known + rates, units, 3 * COMPONENTS * group, activation=nn.SiLU)
            for known, group in zip(before, GROUPS[1:])
        )
        for group in GROUPS[1:]:
            self.register_buffer(f"start{group}", broad_start(group), persistent=False)
        betas = torch.tensor(BETAS) * self.half**2 / 64
        self.register_buffer("betas", betas, persistent=False)
        self.log_gain = nn.Parameter((-0.5 * betas.log()).unsqueeze(1).repeat(1, size))

    def nats_of(self, parts, rate):
        """Of codes, given the rate of each example."""
        total = log_prob(rate @ self.first, parts[0])
        for at, network in enumerate(self.networks, 1):
            parameters = network(torch.cat([*parts[:at], rate], 1)) + getattr(self, f"start{GROUPS[at]}")
            total = total + log_prob(parameters, parts[at])
        return -total

    def loss(self, x):
        flat = x.flatten(1)
        chosen = torch.randint(len(BETAS), (len(x),), device=x.device)
        rate = F.one_hot(chosen, len(BETAS)).float()
        log_gain = rate @ self.log_gain
        code = self.encoder(flat / self.half - 1) * torch.exp(log_gain)
        noisy = code + torch.rand_like(code) - 0.5
        rounded = RoundStraightThrough.apply(code)
        nats = self.nats_of(noisy.split(GROUPS, 1), rate)
        decoded = (self.decoder(rounded * torch.exp(-log_gain)) + 1) * self.half
        beta = rate @ self.betas
        return ((flat - decoded).square().mean(1) / beta.sqrt() + beta.sqrt() * nats).mean()

    def sample(self, n):
        rate = F.one_hot(torch.zeros(n, dtype=torch.long), len(BETAS)).float()
        parts = []
        for at, group in enumerate(GROUPS):
            parameters = rate @ self.first if at == 0 else self.networks[at - 1](torch.cat([*parts, rate], 1))
            if at > 0:
                parameters = parameters + getattr(self, f"start{group}")
            logits, mean, log_scale = parameters.view(n, 3, group, COMPONENTS).unbind(1)
            chosen = torch.distributions.Categorical(logits=logits).sample().unsqueeze(-1)
            noise = torch.logit(torch.rand(n, group).clamp(1e-6, 1 - 1e-6))
            scale = torch.exp(log_scale.gather(-1, chosen).clamp(max=LARGEST_LOG_SCALE)).squeeze(-1)
            parts.append((mean.gather(-1, chosen).squeeze(-1) + scale * noise).round())
        y = torch.cat(parts, 1) * torch.exp(-(rate @ self.log_gain))
        return ((self.decoder(y) + 1) * self.half).clamp(0, 2 * self.half).view(n, *self.shape)


MODELS = {"neural-compressor": Compressor}
