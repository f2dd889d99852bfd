"""The variational auto-encoder of DGM §4.3 with the networks of packages/vae/src/benchmark.ts."""

import math

import torch
from torch import nn

from parts import draw, few_levels, mlp, surprise

LATENT = 16


class Vae(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.levels, self.shape, self.dims = few_levels(task), task.shape, math.prod(task.shape)
        hidden = task.width or (64 if task.quick else 256)
        self.encoder = mlp(self.dims, hidden, hidden, 2 * LATENT)
        self.decoder = mlp(LATENT, hidden, hidden, self.dims * self.levels)

    def nats(self, x):
        x = x.flatten(1)
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        logits = self.decoder(z).view(-1, self.dims, self.levels)
        divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)
        return surprise(logits, x) + divergence.sum(1)

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        logits = self.decoder(torch.randn(n, LATENT)).view(n, self.dims, self.levels)
        return draw(logits).view(n, *self.shape).float()


MODELS = {"vae": Vae}
