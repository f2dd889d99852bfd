"""The VAEs of apps/benchmark/src/compositions/vae-posteriors.ts whose posteriors are normal, reflected or not."""

import functools
import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import mlp

LATENT, COMPONENTS, PSEUDO_INPUTS, REFLECTIONS = 16, 3, 64, 8
LOG_2PI = math.log(2 * math.pi)


def network(*sizes, inputs=0.0, hidden):
    """Linear layers with dropout of what goes in, and of the units between them."""
    layers = [nn.Dropout(inputs)] if inputs > 0 else []
    for index, (before, after) in enumerate(zip(sizes, sizes[1:])):
        if index > 0:
            layers += [nn.LeakyReLU(0.01), nn.Dropout(hidden)]
        layers.append(nn.Linear(before, after))
    return nn.Sequential(*layers)


def log_normal(z, mean, log_variance):
    squares = (z - mean).square() * torch.exp(-log_variance)
    return -0.5 * (squares + log_variance + LOG_2PI).sum(-1)


def draw_normal(mean, log_variance):
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


class LogisticMixture:
    """For each entry a mixture of three logistic distributions, discretized to the values 0 to `levels` - 1."""

    def __init__(self, levels, dims):
        self.levels, self.dims = levels, dims
        self.parameters = 3 * COMPONENTS * dims
        self.half = (levels - 1) / 2
        self.broad = math.log(levels / COMPONENTS / (2 * math.pi))
        self.centres = torch.arange(1, 2 * COMPONENTS, 2) / COMPONENTS - 1

    def split(self, rows):
        logits, offset, log_scale = rows.view(-1, 3, self.dims, COMPONENTS).unbind(1)
        return logits, self.half + self.half * (offset + self.centres), self.broad + log_scale

    def surprise(self, rows, x):
        logits, mean, log_scale = self.split(rows)
        inverse, x = torch.exp(-log_scale), x.unsqueeze(2)
        deviation = x - mean
        is_inner = (x > 0) & (x < self.levels - 1)
        upper = F.logsigmoid((deviation + 0.5) * inverse).masked_fill(x >= self.levels - 1, 0)
        lower = F.logsigmoid((0.5 - deviation) * inverse).masked_fill(x <= 0, 0)
        width = torch.log(-torch.expm1(-inverse)).masked_fill(~is_inner, 0)
        return -torch.logsumexp(logits.log_softmax(2) + upper + lower + width, 2).sum(1)

    def draw(self, rows):
        logits, mean, log_scale = self.split(rows)
        which = torch.multinomial(logits.reshape(-1, COMPONENTS).softmax(1), 1).view(*logits.shape[:2], 1)
        noise = torch.rand(which.shape).logit(1e-7)
        value = mean.gather(2, which) + torch.exp(log_scale.gather(2, which)) * noise
        return value.squeeze(2).round().clamp(0, self.levels - 1)


class Gaussian:
    parameters = 2 * LATENT

    def start(self, rows):
        return rows[:, : 2 * LATENT].chunk(2, 1)

    def move(self, z, rows):
        return z


class Householder(Gaussian):
    """Tomczak and Welling, 2016: the draws are reflected at hyperplanes, which changes no volume."""

    parameters = (2 + REFLECTIONS) * LATENT

    def move(self, z, rows):
        for v in rows[:, 2 * LATENT :].view(-1, REFLECTIONS, LATENT).unbind(1):
            along = (v * z).sum(1, keepdim=True)
            z = z - v * (2 * along / (v.square().sum(1, keepdim=True) + 1e-20))
        return z


class Standard(nn.Module):
    def __init__(self, vae, task):
        super().__init__()

    def sample(self, n):
        return torch.randn(n, LATENT)


class Vamp(nn.Module):
    def __init__(self, vae, task):
        super().__init__()
        self.encode = vae.encode
        rows = torch.randperm(len(task.train))[:PSEUDO_INPUTS]
        self.inputs = nn.Parameter(task.train[rows].flatten(1).clone())
        self.logits = nn.Parameter(torch.zeros(len(rows)))

    def log_prob(self, z):
        of_each = log_normal(z.unsqueeze(1), *self.encode(self.inputs).chunk(2, 1))
        return torch.logsumexp(self.logits.log_softmax(0) + of_each, 1)

    def sample(self, n):
        mean, log_variance = self.encode(self.inputs).chunk(2, 1)
        which = torch.multinomial(self.logits.softmax(0), n, replacement=True)
        return draw_normal(mean[which], log_variance[which])


class Flow(nn.Module):
    """RealNVP of four couplings, which begins as the identity."""

    def __init__(self, vae, task):
        super().__init__()
        half = LATENT // 2
        self.nets = nn.ModuleList(mlp(half, 128, 128, half) for _ in range(8))
        self.scales = nn.Parameter(torch.zeros(8))

    def coupling(self, index, kept):
        scale, shift = (self.scales[at] * self.nets[at](kept) for at in (2 * index, 2 * index + 1))
        return scale.tanh(), shift

    def log_prob(self, z):
        log_det = 0
        for index in reversed(range(4)):
            kept, moved = z.chunk(2, 1)
            scale, shift = self.coupling(index, kept)
            z = torch.cat([kept, (moved - shift) * torch.exp(-scale)], 1).flip(1)
            log_det = log_det - scale.sum(1)
        return log_det - 0.5 * (z.square() + LOG_2PI).sum(1)

    def sample(self, n):
        z = torch.randn(n, LATENT)
        for index in range(4):
            kept, moved = z.flip(1).chunk(2, 1)
            scale, shift = self.coupling(index, kept)
            z = torch.cat([kept, torch.exp(scale) * moved + shift], 1)
        return z


class Vae(nn.Module):
    def __init__(self, task, posterior, prior):
        super().__init__()
        if task.levels is None or task.levels == 2:
            raise ValueError("the PyTorch peer has a logistic likelihood: data of 3 values or more")
        self.shape, self.dims = task.shape, math.prod(task.shape)
        self.unit = min(1, 16 / (task.levels - 1))
        hidden = task.width or (64 if task.quick else 256)
        self.posterior, self.likelihood = posterior, LogisticMixture(task.levels, self.dims)
        self.encoder = network(self.dims, hidden, hidden, posterior.parameters, inputs=0.2, hidden=0.2)
        self.decoder = network(LATENT, hidden, hidden, self.likelihood.parameters, hidden=0.1)
        self.prior = prior(self, task)

    def encode(self, x):
        return self.encoder(x * self.unit)

    def nats(self, x):
        x = x.flatten(1)
        rows = self.encode(x)
        mean, log_variance = self.posterior.start(rows)
        start = draw_normal(mean, log_variance)
        z = self.posterior.move(start, rows)
        if isinstance(self.prior, Standard):
            divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)
        else:
            divergence = log_normal(start, mean, log_variance) - self.prior.log_prob(z)
        return self.likelihood.surprise(self.decoder(z), x) + divergence

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        return self.likelihood.draw(self.decoder(self.prior.sample(n))).view(n, *self.shape)


MODELS = {
    f"vae-{name}": functools.partial(Vae, posterior=posterior, prior=prior)
    for name, posterior, prior in [
        ("gaussian-standard", Gaussian(), Standard),
        ("gaussian-vamp", Gaussian(), Vamp),
        ("gaussian-flow", Gaussian(), Flow),
        ("householder-standard", Householder(), Standard),
        ("householder-flow", Householder(), Flow),
    ]
}
