"""The hierarchical VAEs of DGM §4.5.2, with the networks of packages/vae/src/hierarchical/benchmark.ts."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import draw, draw_normal, few_levels, log_normal, surprise

LOWER, UPPER = 16, 8


class QuickGelu(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


def network(*sizes, last=()):
    """Linear layers with an activation and a norm between them."""
    layers = []
    for inputs, outputs in zip(sizes[:-1], sizes[1:-1]):
        layers += [nn.Linear(inputs, outputs), QuickGelu(), nn.LayerNorm(outputs)]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]), *last)


def divergence(mean, log_variance, prior_mean, prior_log_variance):
    """Of two normal distributions with independent variables."""
    log_ratio = log_variance - prior_log_variance
    squares = (mean - prior_mean).square() * torch.exp(-prior_log_variance)
    return 0.5 * (squares + log_ratio.exp() - log_ratio - 1).sum(1)


class Hierarchy(nn.Module):
    """p(x|z1) p(z1|z2) p(z2), where a subclass says how z1 and z2 are inferred."""

    def __init__(self, task):
        super().__init__()
        self.levels, self.shape, self.dims = few_levels(task), task.shape, math.prod(task.shape)
        self.hidden = task.width or (64 if task.quick else 256)
        self.prior = network(UPPER, self.hidden, 2 * LOWER)
        self.decoder = network(LOWER, self.hidden, self.hidden, self.dims * self.levels)

    def decode(self, z):
        return self.decoder(z).view(-1, self.dims, self.levels)

    def nats(self, x):
        x = x.flatten(1)
        z1, regularizer = self.infer(x)
        return surprise(self.decode(z1), x) + regularizer

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        z1 = draw_normal(*self.prior(torch.randn(n, UPPER)).chunk(2, 1))
        return draw(self.decode(z1)).view(n, *self.shape).float()


class TopDown(Hierarchy):
    def __init__(self, task):
        super().__init__(task)
        hidden = self.hidden
        self.bottom_up_1 = network(self.dims, hidden, hidden, last=[nn.GELU()])
        self.bottom_up_2 = network(hidden, hidden, hidden, last=[nn.LeakyReLU(0.01)])
        self.evidence_1 = network(hidden, hidden, 2 * LOWER)
        self.evidence_2 = network(hidden, hidden, 2 * UPPER)

    def infer(self, x):
        r1 = self.bottom_up_1(x)
        top = self.bounded(*self.evidence_2(self.bottom_up_2(r1)).chunk(2, 1))
        evidence = self.bounded(*self.evidence_1(r1).chunk(2, 1))
        z2 = draw_normal(*top)
        prior = self.prior(z2).chunk(2, 1)
        posterior = self.combine(evidence, prior)
        zeros = torch.zeros_like(z2)
        return draw_normal(*posterior), divergence(*posterior, *prior) + divergence(*top, zeros, zeros)

    def bounded(self, mean, log_variance):
        return mean, F.hardtanh(log_variance, -7.0, 2.0)

    def combine(self, evidence, prior):
        return prior[0] + evidence[0], prior[1] + evidence[1]


class Ladder(TopDown):
    def bounded(self, mean, log_variance):
        return mean, log_variance

    def combine(self, evidence, prior):
        log_ratio = prior[1] - evidence[1]
        mean = prior[0] + torch.sigmoid(log_ratio) * (evidence[0] - prior[0])
        return mean, prior[1] - F.softplus(log_ratio)


class TwoLevel(Hierarchy):
    def __init__(self, task):
        super().__init__(task)
        self.posterior_1 = network(self.dims, self.hidden, self.hidden, 2 * LOWER)
        self.posterior_2 = network(LOWER, self.hidden, self.hidden, 2 * UPPER)

    def infer(self, x):
        lower = self.posterior_1(x).chunk(2, 1)
        z1 = draw_normal(*lower)
        upper = self.posterior_2(z1).chunk(2, 1)
        z2 = draw_normal(*upper)
        at_draw = log_normal(z1, *lower) - log_normal(z1, *self.prior(z2).chunk(2, 1))
        zeros = torch.zeros_like(z2)
        return z1, at_draw + divergence(*upper, zeros, zeros)


MODELS = {"vae-top-down": TopDown, "vae-ladder": Ladder, "vae-two-level": TwoLevel}
