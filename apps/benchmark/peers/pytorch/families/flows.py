"""The flows of DGM ch. 3 with the networks of packages/flows/src/benchmark.ts."""

import functools
import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import (
    FEW_LEVELS,
    MaskedLinear,
    degrees_of,
    from_logits,
    is_plane,
    log_integer,
    mlp,
    round_straight_through,
    to_logits,
    units_of_plane,
)

COUPLINGS = 8


def dims_of(task):
    if task.levels is None or len(task.shape) != 1:
        raise ValueError("the PyTorch peer takes vectors of integers")
    return task.shape[0]


def hidden_of(task):
    units = task.width or (32 if task.quick else 256)
    return units, units


class Flow(nn.Module):
    """What the models have in common: `nats(x)` of each example."""

    def loss(self, x):
        return self.nats(x).mean()


class RealNvp(Flow):
    """Affine couplings of halves, each followed by a reversal (Listings 3.1, 3.2): of integers behind noise on [0, 1), many levels
    also behind a logit, and of points of the plane."""

    def __init__(self, task):
        super().__init__()
        self.dims, self.levels = 2 if is_plane(task) else dims_of(task), task.levels
        kept = (self.dims + 1) // 2
        units = units_of_plane(task) if is_plane(task) else hidden_of(task)[0]
        sizes = kept, units, units, self.dims - kept
        self.log_scales = nn.ModuleList(mlp(*sizes) for _ in range(COUPLINGS))
        self.shifts = nn.ModuleList(mlp(*sizes) for _ in range(COUPLINGS))
        self.kept = kept
        self.takes_logits = self.levels is not None and self.levels > FEW_LEVELS

    def start(self, x):
        if self.takes_logits:
            z, log_det = to_logits(x, self.levels)
            return z, log_det.sum(1)
        return x if self.levels is None else x + torch.rand_like(x), 0.0

    def nats(self, x):
        z, log_det = self.start(x)
        for log_scale, shift in zip(self.log_scales, self.shifts):
            a, b = z[:, : self.kept], z[:, self.kept :]
            s = torch.tanh(log_scale(a))
            z = torch.cat([a, (b - shift(a)) * torch.exp(-s)], 1).flip(1)
            log_det = log_det - s.sum(1)
        return 0.5 * (z.square() + math.log(2 * math.pi)).sum(1) - log_det

    def sample(self, n):
        y = torch.randn(n, self.dims)
        for log_scale, shift in zip(reversed(self.log_scales), reversed(self.shifts)):
            y = y.flip(1)
            a, b = y[:, : self.kept], y[:, self.kept :]
            y = torch.cat([a, torch.exp(torch.tanh(log_scale(a))) * b + shift(a)], 1)
        if self.takes_logits:
            return from_logits(y, self.levels)
        return y if self.levels is None else y.floor().clamp(0, self.levels - 1)


class Idf(Flow):
    """Couplings of integers, each followed by a reversal, over a learned base (Listings 3.3 to 3.6)."""

    def __init__(self, task, parts):
        super().__init__()
        dims = dims_of(task)
        ends = [(part + 1) * dims // parts for part in range(parts)]
        self.sizes = [end - start for start, end in zip([0, *ends], ends)]
        # Of two parts the first stays as it is.
        self.changed = [1] if parts == 2 else range(parts)
        self.networks = nn.ModuleList(
            nn.ModuleList(mlp(dims - self.sizes[part], *hidden_of(task), self.sizes[part]) for part in self.changed)
            for _ in range(COUPLINGS)
        )
        self.mean = nn.Parameter(torch.zeros(dims))
        self.log_scale = nn.Parameter(torch.ones(dims))

    def step(self, parts, part, network):
        others = torch.cat([*parts[:part], *parts[part + 1 :]], 1)
        return round_straight_through(network(others))

    def nats(self, x):
        z = x
        for networks in self.networks:
            parts = list(z.split(self.sizes, 1))
            for part, network in zip(self.changed, networks):
                parts[part] = parts[part] + self.step(parts, part, network)
            z = torch.cat(parts, 1).flip(1)
        return -log_integer(z, self.mean, self.log_scale).sum(1)

    def sample(self, n):
        uniform = torch.rand(n, len(self.mean)).clamp(1e-7, 1 - 1e-7)
        x = (self.mean + torch.exp(self.log_scale) * torch.logit(uniform)).round()
        for networks in reversed(self.networks):
            parts = list(x.flip(1).split(self.sizes, 1))
            for part, network in zip(reversed(self.changed), reversed(networks)):
                parts[part] = parts[part] - self.step(parts, part, network)
            x = torch.cat(parts, 1)
        return x


def masked_network(dims, hidden, outputs_each, dropout):
    """One hidden layer; what is put out for an element depends on earlier elements."""
    inputs, units = torch.arange(dims), degrees_of(hidden, dims)
    outputs = torch.arange(dims).repeat_interleave(outputs_each) - 1
    return nn.Sequential(
        MaskedLinear(inputs <= units[:, None]),
        nn.ReLU(),
        nn.Dropout(dropout),
        MaskedLinear(units <= outputs[:, None]),
    )


class HistogramFlow(Flow):
    """An autoregressive flow whose maps are linear within a bin for each level, behind noise on [0, 1)."""

    def __init__(self, task):
        super().__init__()
        self.dims, self.levels = dims_of(task), task.levels
        hidden, dropout = (64, 0) if task.quick else (512, 0.3)
        self.network = masked_network(self.dims, hidden, self.levels, dropout)

    def shares(self, y):
        logits = self.network(y * (2 / self.levels) - 1).view(-1, self.dims, self.levels)
        return 0.01 / self.levels + 0.99 * logits.softmax(2)

    def nats(self, x):
        shares = self.shares(x + torch.rand_like(x))
        return -shares.gather(2, x.long().unsqueeze(2)).log().sum((1, 2))

    def sample(self, n):
        y = torch.zeros(n, self.dims)
        noise = torch.rand(n, self.dims)
        for element in range(self.dims):
            ends = self.shares(y)[:, element].cumsum(1)
            place = noise[:, element : element + 1]
            bin = (ends <= place).sum(1).clamp(max=self.levels - 1)
            start = F.pad(ends, (1, 0)).gather(1, bin[:, None])
            size = ends.gather(1, bin[:, None]) - start
            y[:, element] = bin + ((place - start) / size).squeeze(1)
        return y.floor().clamp(0, self.levels - 1)


class AutoregressiveIdf(Flow):
    """A gentle coupling of integers over an autoregressive base of mixtures."""

    SHARE = 0.01

    def __init__(self, task):
        super().__init__()
        self.dims, self.levels = dims_of(task), task.levels
        hidden, base_hidden, self.components = (32, 64, 4) if task.quick else (128, 256, 8)
        self.kept = (self.dims + 1) // 2
        self.network = mlp(self.kept, hidden, self.dims - self.kept, activation=nn.ReLU)
        self.scale = nn.Parameter(torch.zeros(()))
        self.base = masked_network(self.dims, base_hidden, 3 * self.components, 0.2)
        spread, center = self.levels / self.components, (self.levels - 1) / 2
        middles = torch.arange(self.components) - (self.components - 1) / 2
        self.register_buffer("start", center + spread * middles)
        self.center = center

    def centred(self, x):
        return x * (2 / self.levels) - 1

    def step(self, kept):
        return round_straight_through(self.scale * 0.1 * self.network(self.centred(kept)))

    def mixture(self, z):
        """Log-weights, means and log-scales of all components, those of the background last."""
        parameters = self.base(self.centred(z)).view(-1, self.dims, 3, self.components)
        logits, mean, log_scale = parameters.unbind(2)
        last = (math.log(self.SHARE), self.center, math.log(self.levels / 4))
        learned = (
            math.log1p(-self.SHARE) + logits.log_softmax(2),
            self.start + mean,
            math.log(0.5) + log_scale,
        )
        return [F.pad(values, (0, 1), value=fixed) for values, fixed in zip(learned, last)]

    def nats(self, x):
        kept, changed = x[:, : self.kept], x[:, self.kept :]
        z = torch.cat([kept, changed + self.step(kept)], 1).flip(1)
        weights, mean, log_scale = self.mixture(z)
        return -torch.logsumexp(weights + log_integer(z.unsqueeze(2), mean, log_scale), 2).sum(1)

    def sample(self, n):
        z = torch.zeros(n, self.dims)
        for element in range(self.dims):
            weights, mean, log_scale = (values[:, element] for values in self.mixture(z))
            which = torch.multinomial(weights.exp(), 1)
            place = torch.rand(n, 1).clamp(1e-7, 1 - 1e-7).logit()
            drawn = mean.gather(1, which) + log_scale.gather(1, which).exp() * place
            z[:, element] = drawn.round().squeeze(1)
        x = z.flip(1)
        kept = x[:, : self.kept]
        return torch.cat([kept, x[:, self.kept :] - self.step(kept)], 1)


MODELS = {
    "real-nvp": RealNvp,
    "idf": functools.partial(Idf, parts=2),
    "idf-four-parts": functools.partial(Idf, parts=4),
    "histogram-flow": HistogramFlow,
    "idf-autoregressive": AutoregressiveIdf,
}
