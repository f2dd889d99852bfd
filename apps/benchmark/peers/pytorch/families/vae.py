"""The variational auto-encoder of DGM §4.3 with the networks of packages/vae/src/benchmark.ts."""

import math

import torch
import torch.nn.functional as F
from torch import nn

LATENT = 16
FEW_LEVELS = 32


def mlp(*sizes):
    layers = [
        layer
        for inputs, outputs in zip(sizes, sizes[1:])
        for layer in (nn.Linear(inputs, outputs), nn.LeakyReLU(0.01))
    ]
    return nn.Sequential(*layers[:-1])


class Vae(nn.Module):
    def __init__(self, task):
        super().__init__()
        if task.levels is None or not 2 < task.levels <= FEW_LEVELS:
            raise ValueError("the PyTorch VAE has a categorical likelihood: data of 3 to 32 values")
        self.shape, self.levels, self.dims = task.shape, task.levels, math.prod(task.shape)
        hidden = task.width or (64 if task.quick else 256)
        self.encoder = mlp(self.dims, hidden, hidden, 2 * LATENT)
        self.decoder = mlp(LATENT, hidden, hidden, self.dims * self.levels)

    def nats(self, x):
        x = x.flatten(1)
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        logits = self.decoder(z).view(-1, self.levels)
        surprise = F.cross_entropy(logits, x.long().view(-1), reduction="none").view(len(x), -1)
        divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)
        return surprise.sum(1) + divergence.sum(1)

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        logits = self.decoder(torch.randn(n, LATENT)).view(-1, self.levels)
        pixels = torch.multinomial(logits.softmax(1), 1)
        return pixels.view(n, *self.shape).float()


MODELS = {"vae": Vae}
