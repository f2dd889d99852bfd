"""The VAE of DGM §4.4.1 with each of its priors, as in apps/benchmark/src/recipes/vae-priors.ts."""

import functools
import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import LOG_2PI, MaskedLinear, draw, draw_normal, few_levels, log_normal, mlp, surprise

COMPONENTS = 16


class Standard(nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.latent = vae.latent

    def log_prob(self, z):
        return -0.5 * (z.square() + LOG_2PI).sum(-1)

    def sample(self, n):
        return torch.randn(n, self.latent)


class Mixture(nn.Module):
    """Of normal distributions, whose means and log-variances `components()` gives, `[16, latent]` each."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(COMPONENTS))

    def log_prob(self, z):
        mean, log_variance = self.components()
        of_each = log_normal(z.unsqueeze(1), mean, log_variance)
        return torch.logsumexp(self.logits.log_softmax(0) + of_each, 1)

    def sample(self, n):
        mean, log_variance = self.components()
        which = torch.multinomial(self.logits.softmax(0), n, replacement=True)
        return draw_normal(mean[which], log_variance[which])


class MixtureOfGaussians(Mixture):
    def __init__(self, vae):
        super().__init__()
        self.means = nn.Parameter(torch.randn(COMPONENTS, vae.latent))
        self.log_variances = nn.Parameter(torch.randn(COMPONENTS, vae.latent))

    def components(self):
        return self.means, self.log_variances


class Vamp(Mixture):
    def __init__(self, vae):
        super().__init__()
        self.encode = vae.encode
        self.inputs = nn.Parameter(vae.levels * torch.rand(COMPONENTS, vae.dims))

    def components(self):
        return self.encode(self.inputs)


def grid():
    side = torch.linspace(-10, 10, math.isqrt(COMPONENTS))
    return torch.cartesian_prod(side, side)


class Gtm(Mixture):
    def __init__(self, vae):
        super().__init__()
        self.register_buffer("grid", grid())
        self.network = mlp(2, vae.hidden, vae.hidden, 2 * vae.latent, activation=nn.Tanh)

    def components(self):
        return self.network(self.grid).chunk(2, 1)


class GtmVamp(Mixture):
    def __init__(self, vae):
        super().__init__()
        self.encode, self.levels = vae.encode, vae.levels
        self.register_buffer("grid", grid())
        self.network = mlp(2, vae.hidden, vae.hidden, vae.dims, activation=nn.Tanh)

    def components(self):
        return self.encode(self.levels * self.network(self.grid).sigmoid())


class Flow(nn.Module):
    """RealNVP of three couplings, before each of which the halves change places."""

    def __init__(self, vae):
        super().__init__()
        self.latent, half = vae.latent, vae.latent // 2
        network = functools.partial(mlp, half, vae.hidden, vae.hidden, half)
        self.log_scales = nn.ModuleList(network() for _ in range(3))
        self.shifts = nn.ModuleList(network() for _ in range(3))

    def log_prob(self, z):
        log_det = 0
        for log_scale, shift in zip(reversed(self.log_scales), reversed(self.shifts)):
            kept, moved = z.chunk(2, 1)
            scale = log_scale(kept).tanh()
            z = torch.cat([(moved - shift(kept)) * torch.exp(-scale), kept], 1)
            log_det = log_det - scale.sum(1)
        return log_det - 0.5 * (z.square() + LOG_2PI).sum(1)

    def sample(self, n):
        z = torch.randn(n, self.latent)
        for log_scale, shift in zip(self.log_scales, self.shifts):
            moved, kept = z.chunk(2, 1)
            z = torch.cat([kept, torch.exp(log_scale(kept).tanh()) * moved + shift(kept)], 1)
        return z


class Autoregressive(nn.Module):
    """MADE over the two entries, with normal conditionals."""

    def __init__(self, vae):
        super().__init__()
        self.latent, hidden = vae.latent, torch.zeros(vae.hidden)
        degrees = [torch.arange(self.latent), hidden, hidden]
        masks = [late[:, None] >= early[None, :] for early, late in zip(degrees, degrees[1:])]
        masks.append(torch.arange(self.latent).repeat_interleave(2)[:, None] > hidden[None, :])
        first, second, last = map(MaskedLinear, masks)
        self.network = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)

    def conditionals(self, z):
        return self.network(z).view(-1, self.latent, 2).unbind(2)

    def log_prob(self, z):
        return log_normal(z, *self.conditionals(z))

    def sample(self, n):
        z = torch.zeros(n, self.latent)
        for entry in range(self.latent):
            z[:, entry] = draw_normal(*self.conditionals(z))[:, entry]
        return z


class Resampled(nn.Module):
    """Bauer and Mnih, 2019: the normal distribution, whose draws a network accepts or rejects, at most 100 times."""

    TRUNCATION = 100

    def __init__(self, vae):
        super().__init__()
        self.latent = vae.latent
        self.network = mlp(self.latent, 64, 64, 1, activation=nn.Tanh)
        self.register_buffer("draws", torch.randn(16 * vae.hidden, self.latent))

    def log_acceptance(self, z):
        return F.logsigmoid(self.network(z).squeeze(-1))

    def log_prob(self, z):
        log_normalizer = torch.logsumexp(self.log_acceptance(self.draws), 0) - math.log(len(self.draws))
        log_rejected = torch.log(-torch.expm1(log_normalizer))
        all_rejected = (self.TRUNCATION - 1) * log_rejected
        log_ratio = self.log_acceptance(z) - log_normalizer
        factor = torch.logaddexp(log_ratio + torch.log(-torch.expm1(all_rejected)), all_rejected)
        return factor - 0.5 * (z.square() + LOG_2PI).sum(-1)

    def sample(self, n):
        proposals = torch.randn(n, self.TRUNCATION, self.latent)
        accepted = torch.rand(n, self.TRUNCATION).log() < self.log_acceptance(proposals)
        accepted[:, -1] = True
        return proposals[torch.arange(n), accepted.byte().argmax(1)]


class PriorVae(nn.Module):
    def __init__(self, task, prior, latent):
        super().__init__()
        self.levels, self.shape, self.dims = few_levels(task), task.shape, math.prod(task.shape)
        self.hidden, self.latent = 64 if task.quick else 256, latent
        self.encoder = mlp(self.dims, self.hidden, self.hidden, 2 * latent)
        self.decoder = mlp(latent, self.hidden, self.hidden, self.dims * self.levels)
        self.prior = prior(self)

    def encode(self, x):
        return self.encoder(x).chunk(2, 1)

    def nats(self, x):
        x = x.flatten(1)
        mean, log_variance = self.encode(x)
        z = draw_normal(mean, log_variance)
        logits = self.decoder(z).view(-1, self.dims, self.levels)
        return surprise(logits, x) + log_normal(z, mean, log_variance) - self.prior.log_prob(z)

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        logits = self.decoder(self.prior.sample(n)).view(n, self.dims, self.levels)
        return draw(logits).view(n, *self.shape).float()


PRIORS = {
    "standard": Standard,
    "mog": MixtureOfGaussians,
    "vamp": Vamp,
    "gtm": Gtm,
    "gtm-vamp": GtmVamp,
    "flow": Flow,
    "arm": Autoregressive,
    "resampled": Resampled,
}

# The six of the book with as many latent variables as its VAE of §4.3.
MODELS = {
    f"vae-prior-{name}": functools.partial(PriorVae, prior=prior, latent=2) for name, prior in PRIORS.items()
} | {
    f"vae-prior-{name}-16": functools.partial(PriorVae, prior=PRIORS[name], latent=16)
    for name in ["standard", "mog", "vamp", "gtm", "gtm-vamp", "flow"]
}
