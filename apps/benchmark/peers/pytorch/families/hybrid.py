"""The hybrid integer flow of DGM §5.4, Listings 5.1 and 5.2, with its factor inside the rounding."""

import torch
import torch.nn.functional as F
from torch import nn

from parts import few_levels, log_integer, mlp, round_straight_through

CLASSES, COUPLINGS = 10, 2


class HybridIdf(nn.Module):
    """An integer flow with a classifier on its latents, whose loss weighs ln p(x) by 1 / D."""

    takes_labels = True

    def __init__(self, task):
        super().__init__()
        if len(task.shape) != 1:
            raise ValueError("the PyTorch peer takes vectors")
        self.dims, self.levels = task.shape[0], few_levels(task)
        hidden = 32 if task.quick else 256
        self.kept = self.dims // 2
        self.networks = nn.ModuleList(
            mlp(self.kept, hidden, hidden, self.dims - self.kept) for _ in range(COUPLINGS)
        )
        self.factors = nn.Parameter(torch.zeros(COUPLINGS))
        self.mean = nn.Parameter(torch.zeros(self.dims))
        self.log_scale = nn.Parameter(torch.ones(self.dims))
        self.classifier = mlp(self.dims, hidden, hidden, CLASSES)

    def step(self, index, kept):
        return round_straight_through(self.factors[index] * self.networks[index](kept))

    def latents(self, x):
        for index in range(COUPLINGS):
            kept, changed = x.split([self.kept, self.dims - self.kept], 1)
            x = torch.cat([kept, changed + self.step(index, kept)], 1).flip(1)
        return x

    def surprise(self, z):
        return -log_integer(z, self.mean, self.log_scale).sum(1)

    def nats(self, x):
        return self.surprise(self.latents(x))

    def loss(self, batch):
        x, labels = batch
        z = self.latents(x)
        logits = self.classifier(z * (2 / (self.levels - 1)) - 1)
        return F.cross_entropy(logits, labels) + self.surprise(z).mean() / self.dims

    def sample(self, n):
        uniform = torch.rand(n, self.dims).clamp(1e-7, 1 - 1e-7)
        x = (self.mean + torch.exp(self.log_scale) * torch.logit(uniform)).round()
        for index in reversed(range(COUPLINGS)):
            kept, changed = x.flip(1).split([self.kept, self.dims - self.kept], 1)
            x = torch.cat([kept, changed - self.step(index, kept)], 1)
        return x


MODELS = {"hybrid-book": HybridIdf}
