"""The hierarchical VampPrior of apps/benchmark/src/recipes/hierarchical-vamp.ts."""

import math

import torch
from torch import nn

from parts import draw, draw_normal, few_levels, log_normal, mlp, surprise

LOWER, UPPER, PSEUDO_INPUTS = 16, 16, 32


class HierarchicalVamp(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.levels, self.shape, self.dims = few_levels(task), task.shape, math.prod(task.shape)
        hidden = task.width or (64 if task.quick else 256)
        self.bottom_up = nn.Sequential(mlp(self.dims, hidden, hidden), nn.LeakyReLU(0.01))
        self.evidence_1 = mlp(hidden + UPPER, hidden, 2 * LOWER)
        self.evidence_2 = mlp(hidden, hidden, 2 * UPPER)
        self.prior_1 = mlp(UPPER, hidden, 2 * LOWER)
        self.decoder = mlp(LOWER + UPPER, hidden, hidden, self.dims * self.levels)
        rows = torch.randperm(len(task.train))[:PSEUDO_INPUTS]
        self.inputs = nn.Parameter(task.train[rows].flatten(1).clone())
        self.logits = nn.Parameter(torch.zeros(len(rows)))

    def components(self):
        return self.evidence_2(self.bottom_up(self.inputs)).chunk(2, 1)

    def log_prior_2(self, z):
        of_each = log_normal(z.unsqueeze(1), *self.components())
        return torch.logsumexp(self.logits.log_softmax(0) + of_each, 1)

    def decode(self, z1, z2):
        return self.decoder(torch.cat([z1, z2], 1)).view(-1, self.dims, self.levels)

    def nats(self, x):
        x = x.flatten(1)
        r = self.bottom_up(x)
        upper = self.evidence_2(r).chunk(2, 1)
        z2 = draw_normal(*upper)
        mean, log_variance = self.evidence_1(torch.cat([r, z2], 1)).chunk(2, 1)
        z1 = draw_normal(mean, log_variance)
        prior_mean, prior_log_variance = self.prior_1(z2).chunk(2, 1)
        log_ratio = log_variance - prior_log_variance
        squares = (mean - prior_mean).square() * torch.exp(-prior_log_variance)
        lower = 0.5 * (squares + log_ratio.exp() - log_ratio - 1).sum(1)
        return surprise(self.decode(z1, z2), x) + lower + log_normal(z2, *upper) - self.log_prior_2(z2)

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        mean, log_variance = self.components()
        which = torch.multinomial(self.logits.softmax(0), n, replacement=True)
        z2 = draw_normal(mean[which], log_variance[which])
        z1 = draw_normal(*self.prior_1(z2).chunk(2, 1))
        return draw(self.decode(z1, z2)).view(n, *self.shape).float()


MODELS = {"vae-hierarchical-vamp": HierarchicalVamp}
