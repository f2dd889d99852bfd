"""The variational auto-encoder of DGM §4.3 with the networks of packages/vae/src/benchmark.ts."""

import math

import torch
from torch import nn

from parts import MANY_VALUES, bits_or_few_levels, draw, mlp, surprise


class Vae(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.shape, self.dims = task.shape, math.prod(task.shape)
        _, self.outputs = bits_or_few_levels(task)
        is_large = self.dims >= MANY_VALUES
        self.latent = 50 if is_large else 16
        hidden = task.width or (64 if task.quick else 200 if is_large else 256)
        self.encoder = mlp(self.dims, hidden, hidden, 2 * self.latent)
        self.decoder = mlp(self.latent, hidden, hidden, self.dims * self.outputs)

    def nats(self, x):
        x = x.flatten(1)
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        logits = self.decoder(z).view(-1, self.dims, self.outputs)
        divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)
        return surprise(logits, x) + divergence.sum(1)

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        logits = self.decoder(torch.randn(n, self.latent)).view(n, self.dims, self.outputs)
        return draw(logits).view(n, *self.shape).float()


MODELS = {"vae": Vae}
