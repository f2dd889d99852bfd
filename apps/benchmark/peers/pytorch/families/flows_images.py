"""The flows of images of packages/flows/src/benchmark-of-images.ts. Images are [n, channels, height, width] here."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import LOG_2PI, from_logits, log_integer, round_straight_through, to_logits

FIRST_ROWS = 500
MAX_LOG_SCALE = 2
SHARE = 0.01
STEP = 0.1


def image_shape(task):
    """Channels, height and width; the events of some data sets are flat images."""
    if task.levels is None:
        raise ValueError("the PyTorch peer takes images of integers")
    if len(task.shape) == 3:
        height, width, channels = task.shape
        return channels, height, width
    side = math.isqrt(task.shape[0])
    if side * side != task.shape[0]:
        raise ValueError("the PyTorch peer takes images")
    return 1, side, side


def halvings(height, width):
    return 1 + halvings(height // 2, width // 2) if height % 2 == 0 and width % 2 == 0 else 0


def squeeze(x):
    n, channels, height, width = x.shape
    squares = x.view(n, channels, height // 2, 2, width // 2, 2).permute(0, 3, 5, 1, 2, 4)
    return squares.reshape(n, 4 * channels, height // 2, width // 2)


def unsqueeze(x):
    n, channels, height, width = x.shape
    squares = x.view(n, 2, 2, channels // 4, height, width).permute(0, 3, 4, 1, 5, 2)
    return squares.reshape(n, channels // 4, 2 * height, 2 * width)


class Conditioner(nn.Sequential):
    """Convolutions of 3x3, 1x1 and 3x3 pixels, the last of which starts at 0."""

    def __init__(self, inputs, outputs, hidden, dropout):
        last = nn.Conv2d(hidden, outputs, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        super().__init__(
            nn.Conv2d(inputs, hidden, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden, hidden, 1),
            nn.ReLU(),
            nn.Dropout(dropout),
            last,
        )


class ActNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(channels, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(channels, 1, 1))

    def start(self, y):
        with torch.no_grad():
            variance, mean = torch.var_mean(y, (0, 2, 3), unbiased=False, keepdim=True)
            self.shift.copy_(-mean[0])
            self.log_scale.copy_(-torch.log(variance[0].sqrt() + 1e-6))

    def encode(self, y):
        return self.log_scale.exp() * (y + self.shift), self.log_scale.sum() * y.shape[2] * y.shape[3]

    def decode(self, z):
        return z * torch.exp(-self.log_scale) - self.shift


class Mixing(nn.Module):
    """A 1x1 convolution by a permutation and two triangles."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("permutation", torch.eye(channels)[torch.randperm(channels)])
        self.lower = nn.Parameter(torch.zeros(channels, channels))
        self.upper = nn.Parameter(torch.zeros(channels, channels))
        self.log_scale = nn.Parameter(torch.zeros(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def matrix(self):
        lower = self.lower.tril(-1) + torch.eye(len(self.shift))
        return self.permutation @ lower @ (self.upper.triu(1) + torch.diag(self.log_scale.exp()))

    def encode(self, y):
        z = F.conv2d(y, self.matrix()[:, :, None, None], self.shift)
        return z, self.log_scale.sum() * y.shape[2] * y.shape[3]

    def decode(self, z):
        return F.conv2d(z - self.shift[:, None, None], self.matrix().inverse()[:, :, None, None])


class AffineCoupling(nn.Module):
    def __init__(self, channels, hidden, dropout):
        super().__init__()
        self.kept = (channels + 1) // 2
        self.changed = channels - self.kept
        self.network = Conditioner(self.kept, 2 * self.changed, hidden, dropout)

    def parameters_of(self, kept):
        n, _, height, width = kept.shape
        raw, shift = self.network(kept).view(n, self.changed, 2, height, width).unbind(2)
        return MAX_LOG_SCALE * torch.tanh(raw / MAX_LOG_SCALE), shift

    def encode(self, y):
        a, b = y.split([self.kept, self.changed], 1)
        log_scale, shift = self.parameters_of(a)
        return torch.cat([a, (b - shift) * torch.exp(-log_scale)], 1), -log_scale.sum((1, 2, 3))

    def decode(self, z):
        a, b = z.split([self.kept, self.changed], 1)
        log_scale, shift = self.parameters_of(a)
        return torch.cat([a, b * torch.exp(log_scale) + shift], 1)


class Glow(nn.Module):
    """Squeeze, steps of normalization, mixing and coupling, factoring-out; behind noise on [0, 1) and a logit."""

    def __init__(self, task):
        super().__init__()
        self.stored, self.levels = task.shape, task.levels
        channels, height, width = self.image = image_shape(task)
        scales, steps = min(2, halvings(height, width)), 1 if task.quick else 4
        hidden, dropout = task.width or (8 if task.quick else 32), 0 if task.quick else 0.3
        self.scales, self.dropped = nn.ModuleList(), nn.ModuleList()
        for scale in range(scales):
            channels *= 4
            self.scales.append(
                nn.ModuleList(
                    layer
                    for _ in range(steps)
                    for layer in (ActNorm(channels), Mixing(channels), AffineCoupling(channels, hidden, dropout))
                )
            )
            if scale < scales - 1:
                channels //= 2
                self.dropped.append(Conditioner(channels, 2 * channels, hidden, dropout))
        self.last = channels, height >> scales, width >> scales
        self.starting = True
        with torch.no_grad():
            self.nats(task.train[:FIRST_ROWS])
        self.starting = False

    def encode(self, layer, z):
        if self.starting and isinstance(layer, ActNorm):
            layer.start(z)
        return layer.encode(z)

    def loss(self, x):
        return self.nats(x).mean()

    def nats(self, x):
        z, log_det = to_logits(x, self.levels)
        channels, height, width = self.image
        z = z.view(-1, height, width, channels).permute(0, 3, 1, 2)
        log_prob = log_det.flatten(1).sum(1)
        for scale, layers in enumerate(self.scales):
            z = squeeze(z)
            for layer in layers:
                z, step = self.encode(layer, z)
                log_prob = log_prob + step
            if scale < len(self.dropped):
                z, stopped = z.chunk(2, 1)
                mean, log_variance = self.dropped[scale](z).chunk(2, 1)
                squares = (stopped - mean).square() * torch.exp(-log_variance)
                log_prob = log_prob - 0.5 * (squares + log_variance + LOG_2PI).sum((1, 2, 3))
        return 0.5 * (z.square() + LOG_2PI).sum((1, 2, 3)) - log_prob

    def sample(self, n):
        z = torch.randn(n, *self.last)
        for scale in reversed(range(len(self.scales))):
            if scale < len(self.dropped):
                mean, log_variance = self.dropped[scale](z).chunk(2, 1)
                z = torch.cat([z, mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)], 1)
            for layer in reversed(self.scales[scale]):
                z = layer.decode(z)
            z = unsqueeze(z)
        return from_logits(z, self.levels).permute(0, 2, 3, 1).reshape(n, *self.stored)


class Mixture(nn.Module):
    """Logistic distributions over all integers side by side over the range of the data, and one that does not learn."""

    def __init__(self, levels, components):
        super().__init__()
        middles = torch.arange(components) - (components - 1) / 2
        self.center, self.components = (levels - 1) / 2, components
        self.register_buffer("start", self.center + levels / components * middles)
        self.background = math.log(SHARE), self.center, math.log(levels / 4)

    def of(self, parameters, channels):
        """Log-weights, means and log-scales: `[n, 3 channels components, ...]` as three of `[n, channels, ..., components + 1]`."""
        shape = len(parameters), 3, channels, self.components, *parameters.shape[2:]
        logits, mean, log_scale = parameters.view(shape).movedim(3, -1).unbind(1)
        learned = math.log1p(-SHARE) + logits.log_softmax(-1), self.start + mean, math.log(0.5) + log_scale
        return [F.pad(values, (0, 1), value=fixed) for values, fixed in zip(learned, self.background)]

    def log_prob(self, x, parameters):
        weights, mean, log_scale = self.of(parameters, x.shape[1])
        return torch.logsumexp(weights + log_integer(x.unsqueeze(-1), mean, log_scale), -1).sum((1, 2, 3))

    def sample(self, parameters, channels):
        weights, mean, log_scale = self.of(parameters, channels)
        which = torch.multinomial(weights.exp().flatten(0, -2), 1).view(*weights.shape[:-1], 1)
        place = torch.rand(which.shape).clamp(1e-7, 1 - 1e-7).logit()
        return (mean.gather(-1, which) + log_scale.gather(-1, which).exp() * place).round().squeeze(-1)


class ImageIdf(nn.Module):
    """Reversals and couplings of integer channels, squeeze and factoring-out to mixtures."""

    def __init__(self, task):
        super().__init__()
        self.stored, self.levels = task.shape, task.levels
        channels, height, width = self.image = image_shape(task)
        scales, components = min(3, halvings(height, width)), 4 if task.quick else 8
        hidden, dropout = task.width or (8 if task.quick else 64), 0 if task.quick else 0.3
        self.couplings, self.dropped = nn.ModuleList(), nn.ModuleList()
        for scale in range(scales):
            channels *= 4
            self.couplings.append(Conditioner(channels // 2, channels // 2, hidden, dropout))
            if scale < scales - 1:
                channels //= 2
                self.dropped.append(Conditioner(channels, 3 * channels * components, hidden, dropout))
        self.last = channels, height >> scales, width >> scales
        self.mixture = Mixture(self.levels, components)
        self.base = nn.Parameter(0.1 * torch.randn(1, 3 * channels * components, *self.last[1:]))

    def centred(self, x):
        return x * (2 / self.levels) - 1

    def step(self, scale, kept):
        return round_straight_through(STEP * self.couplings[scale](self.centred(kept)))

    def loss(self, x):
        return self.nats(x).mean()

    def nats(self, x):
        channels, height, width = self.image
        z, log_prob = x.view(-1, height, width, channels).permute(0, 3, 1, 2), 0.0
        for scale in range(len(self.couplings)):
            kept, changed = squeeze(z).chunk(2, 1)
            z = torch.cat([kept, changed + self.step(scale, kept)], 1).flip(1)
            if scale < len(self.dropped):
                z, stopped = z.chunk(2, 1)
                log_prob = log_prob + self.mixture.log_prob(stopped, self.dropped[scale](self.centred(z)))
        return -log_prob - self.mixture.log_prob(z, self.base)

    def sample(self, n):
        z = self.mixture.sample(self.base.expand(n, -1, -1, -1), self.last[0])
        for scale in reversed(range(len(self.couplings))):
            if scale < len(self.dropped):
                parameters = self.dropped[scale](self.centred(z))
                z = torch.cat([z, self.mixture.sample(parameters, z.shape[1])], 1)
            kept, changed = z.flip(1).chunk(2, 1)
            z = unsqueeze(torch.cat([kept, changed - self.step(scale, kept)], 1))
        return z.permute(0, 2, 3, 1).reshape(n, *self.stored)


MODELS = {"glow": Glow, "idf-image": ImageIdf}
