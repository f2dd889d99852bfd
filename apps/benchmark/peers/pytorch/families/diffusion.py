"""Diffusion models with dense networks (DGM Listing 4.13), and variational diffusion and flow matching with several networks."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import bits_or_few_levels, draw, draw_normal, few_levels, mlp, surprise


FEW_PIXELS = 256


class Ddgm(nn.Module):
    """Five levels of noise, and a network for each way back."""

    BETAS = (0.9,) * 5

    def __init__(self, task):
        super().__init__()
        if len(task.shape) != 1:
            raise ValueError("the PyTorch peer takes vectors")
        self.size, self.levels = task.shape[0], few_levels(task)
        narrow, wide = (16, 32) if task.quick else (256, 512)
        self.reverse = nn.ModuleList(
            mlp(self.size, narrow, narrow, narrow, 2 * self.size) for _ in self.BETAS[1:]
        )
        self.decoder = mlp(self.size, wide, wide, wide, self.size * self.levels)

    def decode(self, z):
        return self.decoder(z).view(-1, self.size, self.levels)

    def nats(self, x):
        data, z = x * (2 / (self.levels - 1)) - 1, []
        for beta in self.BETAS:
            before = z[-1] if z else data
            z.append(math.sqrt(1 - beta) * before + math.sqrt(beta) * torch.randn_like(x))
        kept = [math.prod(1 - beta for beta in self.BETAS[: index + 1]) for index in range(len(self.BETAS))]
        prior = 0.5 * (kept[-1] * data.square() - kept[-1] - math.log(1 - kept[-1])).sum(1)
        nats = surprise(self.decode(z[0]), x) + prior
        for index, network in enumerate(self.reverse):
            beta, total = self.BETAS[index + 1], kept[index + 1]
            of_data = math.sqrt(kept[index]) * beta / (1 - total)
            of_after = math.sqrt(1 - beta) * (1 - kept[index]) / (1 - total)
            variance = beta * (1 - kept[index]) / (1 - total)
            mean, log_variance = network(z[index + 1]).chunk(2, 1)
            squares = variance + (of_data * data + of_after * z[index + 1] - mean).square()
            nats = nats + 0.5 * (squares * torch.exp(-log_variance) - 1 + log_variance - math.log(variance)).sum(1)
        return nats

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        z = torch.randn(n, self.size)
        for network in reversed(self.reverse):
            z = draw_normal(*network(z).chunk(2, 1))
        return draw(self.decode(z)).float()


class Film(nn.Linear):
    """y = (1 + scale) x + shift by channels, affine in a context."""

    def __init__(self, context, channels):
        super().__init__(context, 2 * channels)

    def forward(self, x, context):
        scale, shift = super().forward(context)[:, :, None, None].chunk(2, 1)
        return x * (1 + scale) + shift


def zeroed(layer):
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    return layer


class ConvBlock(nn.Module):
    def __init__(self, inputs, channels, groups, context, dropout):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(groups, inputs), nn.GroupNorm(groups, channels)
        self.conv1 = nn.Conv2d(inputs, channels, 3, padding=1)
        self.conv2 = zeroed(nn.Conv2d(channels, channels, 3, padding=1))
        self.film, self.drop = Film(context, channels), nn.Dropout(dropout)
        self.shortcut = nn.Identity() if inputs == channels else nn.Conv2d(inputs, channels, 1)

    def forward(self, x, context):
        h = self.film(self.norm2(self.conv1(F.silu(self.norm1(x)))), context)
        return self.shortcut(x) + self.conv2(self.drop(F.silu(h)))


class TimeEmbedding(nn.Module):
    """Sinusoids of times in [0, 1], `[n]`, through two dense layers."""

    def __init__(self, features):
        super().__init__()
        sinusoids = 2 * math.ceil(features / 8)
        periods = torch.arange(sinusoids // 2) / (sinusoids // 2)
        self.register_buffer("frequencies", 50 * torch.tensor(100.0).pow(-periods))
        self.dense = nn.Sequential(
            nn.Linear(sinusoids, features), nn.SiLU(), nn.Linear(features, features), nn.SiLU()
        )

    def forward(self, t):
        angles = t[:, None] * self.frequencies
        return self.dense(torch.cat([angles.cos(), angles.sin()], 1))


class ImageEntries(nn.Module):
    """Flat square images `[n, side * side]` as three channels: each entry, and a wave that tells levels apart."""

    def __init__(self, side, levels):
        super().__init__()
        self.side, self.frequency = side, (levels - 1) / 4

    def forward(self, z):
        image = z.view(-1, 1, self.side, self.side)
        wave = 2 * math.pi * self.frequency * image
        return torch.cat([image, wave.sin(), wave.cos()], 1)


class ConvDenoiser(nn.Module):
    """From z `[n, side * side]` and times `[n]` to `[n, side * side, outputs]`: residual blocks, and a dense path over the image."""

    BLOCKS, GROUPS, FEW = 3, 4, 8

    def __init__(self, side, levels, channels, dropout, outputs):
        super().__init__()
        context = 2 * channels
        self.entries, self.embedding = ImageEntries(side, levels), TimeEmbedding(context)
        self.first = nn.Conv2d(3, channels, 3, padding=1)
        self.positions = nn.Parameter(torch.zeros(channels, side, side))
        self.blocks = nn.ModuleList(
            ConvBlock(channels, channels, self.GROUPS, context, dropout) for _ in range(self.BLOCKS)
        )
        size = side * side * self.FEW
        hidden = min(256, size)
        self.whole = nn.Sequential(
            nn.Conv2d(channels, self.FEW, 1),
            nn.Flatten(),
            nn.Linear(size, hidden),
            nn.SiLU(),
            nn.Linear(hidden, size),
            nn.SiLU(),
            nn.Unflatten(1, (self.FEW, side, side)),
            nn.Conv2d(self.FEW, channels, 1),
        )
        self.norm = nn.GroupNorm(self.GROUPS, channels)
        self.last = zeroed(nn.Conv2d(channels, outputs, 1, bias=False))
        self.bias = nn.Parameter(torch.zeros(outputs, side, side))

    def forward(self, z, t):
        context = self.embedding(t)
        h = self.first(self.entries(z)) + self.positions
        for index, block in enumerate(self.blocks):
            h = block(h, context)
            if index == self.BLOCKS // 2:
                h = h + self.whole(h)
        return (self.last(F.silu(self.norm(h))) + self.bias).flatten(2).transpose(1, 2)


class SpatialAttention(nn.Module):
    """Between all positions of an image, with one head."""

    def __init__(self, channels, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.input, self.output = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)

    def forward(self, x):
        queries, keys, values = self.input(self.norm(x).flatten(2).transpose(1, 2)).chunk(3, 2)
        scores = queries @ keys.transpose(1, 2) / math.sqrt(queries.shape[2])
        attended = self.output(scores.softmax(2) @ values)
        return x + attended.transpose(1, 2).reshape(x.shape)


class UNetDenoiser(nn.Module):
    """As `ConvDenoiser`, with half of the resolution in between: one block on the way down and two on the way up for each."""

    GROUPS = 4

    def __init__(self, side, levels, channels, dropout, outputs):
        super().__init__()
        wide, context = 2 * channels, 4 * channels
        self.entries, self.embedding = ImageEntries(side, levels), TimeEmbedding(context)
        block = lambda inputs, outputs: ConvBlock(inputs, outputs, self.GROUPS, context, dropout)
        self.first = nn.Conv2d(3, channels, 3, padding=1)
        self.down, self.down_wide = block(channels, channels), block(channels, wide)
        self.shrink = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.middle = nn.ModuleList([block(wide, wide), block(wide, wide)])
        self.attention = SpatialAttention(wide, self.GROUPS)
        self.up_wide = nn.ModuleList([block(2 * wide, wide), block(wide + channels, wide)])
        self.grow = nn.Conv2d(wide, wide, 3, padding=1)
        self.up = nn.ModuleList([block(wide + channels, channels), block(2 * channels, channels)])
        self.norm = nn.GroupNorm(self.GROUPS, channels)
        self.last = zeroed(nn.Conv2d(channels, outputs, 3, padding=1))

    def forward(self, z, t):
        context = self.embedding(t)
        first = self.first(self.entries(z))
        down = self.down(first, context)
        halved = self.shrink(down)
        low = self.down_wide(halved, context)
        h = self.middle[1](self.attention(self.middle[0](low, context)), context)
        for block, skip in zip(self.up_wide, (low, halved)):
            h = block(torch.cat([h, skip], 1), context)
        side = first.shape[2]
        h = self.grow(F.interpolate(h, scale_factor=2))[:, :, :side, :side]
        for block, skip in zip(self.up, (down, first)):
            h = block(torch.cat([h, skip], 1), context)
        return self.last(F.silu(self.norm(h))).flatten(2).transpose(1, 2)


class AdaptiveResidual(nn.Module):
    """A residual branch that a context shifts, scales and gates."""

    def __init__(self, features, dropout):
        super().__init__()
        self.modulation = zeroed(nn.Linear(features, 3 * features))
        self.norm = nn.LayerNorm(features, eps=1e-6, elementwise_affine=False)
        self.body = nn.Sequential(
            nn.Linear(features, features), nn.SiLU(), nn.Dropout(dropout), nn.Linear(features, features)
        )

    def forward(self, x, context):
        shift, scale, gate = self.modulation(context).chunk(3, 1)
        return x + gate * self.body((1 + scale) * self.norm(x) + shift)


class MlpDenoiser(nn.Module):
    """From z `[n, size]` and times `[n]` to `[n, size, 1]`: residual blocks that see all entries at once."""

    BLOCKS = 3

    def __init__(self, side, levels, channels, dropout, outputs):
        super().__init__()
        size, features = side * side, 8 * channels
        self.entries, self.embedding = ImageEntries(side, levels), TimeEmbedding(features)
        self.first = nn.Linear(3 * size, features)
        self.blocks = nn.ModuleList(AdaptiveResidual(features, dropout) for _ in range(self.BLOCKS))
        self.last = nn.Sequential(nn.LayerNorm(features), nn.SiLU(), nn.Linear(features, size * outputs))

    def forward(self, z, t):
        context, h = self.embedding(t), self.first(self.entries(z).flatten(1))
        for block in self.blocks:
            h = block(h, context)
        return self.last(h).unflatten(1, (z.shape[1], -1))


class PlainDenoiser(nn.Module):
    """Dense layers alone; the time scales and shifts the input."""

    def __init__(self, side, levels, channels, dropout, outputs):
        super().__init__()
        size, hidden = side * side, [16 * channels] * 3
        self.modulation = nn.Linear(1, 2 * size)
        self.layers = mlp(size, *hidden, size * outputs, activation=nn.SiLU)

    def forward(self, z, t):
        scale, shift = self.modulation(t[:, None]).chunk(2, 1)
        return self.layers(z * (1 + scale) + shift).unflatten(1, (z.shape[1], -1))


class OfImages(nn.Module):
    """What models of flat square images have in common."""

    optimizer_options = {"betas": (0.9, 0.99), "weight_decay": 0.01}

    def __init__(self, task, outputs, denoiser=ConvDenoiser):
        super().__init__()
        self.size, (self.levels, _) = math.prod(task.shape), bits_or_few_levels(task)
        side = math.isqrt(self.size)
        if len(task.shape) != 1 or side * side != self.size:
            raise ValueError("the PyTorch peer takes flat square images")
        channels = 8 if task.quick else 16 if self.size > FEW_PIXELS else 32
        self.network = denoiser(side, self.levels, channels, 0.1, outputs(self.levels))


def spread_times(n):
    """Times in [0, 1) that are spread evenly over a batch."""
    return (torch.rand(1) + torch.arange(n) * ((1 + math.sqrt(5)) / 2)) % 1


class VariationalDiffusion(OfImages):
    """The bound in continuous time, with logits that are added to the likelihood of each level."""

    STEPS = 100

    def __init__(self, task, denoiser=ConvDenoiser):
        super().__init__(task, lambda levels: levels, denoiser)
        self.start = nn.Parameter(torch.tensor(-7.0))
        self.log_range = nn.Parameter(torch.tensor(math.log(12.0)))
        self.register_buffer("values", torch.linspace(-1, 1, self.levels))

    def gamma(self, t):
        return self.start + self.log_range.exp() * t

    def likelihoods(self, z, gamma):
        """Log-densities of z, `[n, d]`, given each level, but for a constant."""
        alpha, variance = torch.sigmoid(-gamma).sqrt(), torch.sigmoid(gamma)
        return -0.5 * (z[..., None] - alpha[..., None] * self.values).square() / variance[..., None]

    def denoised(self, z, gamma):
        logits = self.network(z, ((gamma + 13) / 20).expand(len(z), 1)[:, 0])
        return (logits + self.likelihoods(z, gamma)).softmax(-1) @ self.values

    def nats(self, x):
        data = 2 / (self.levels - 1) * x - 1
        noised = lambda gamma: (
            torch.sigmoid(-gamma).sqrt() * data + torch.sigmoid(gamma).sqrt() * torch.randn_like(x)
        )
        first, last = self.gamma(torch.zeros(1, 1)), self.gamma(torch.ones(1, 1))
        reconstruction = surprise(self.likelihoods(noised(first), first), x)
        signal = torch.sigmoid(-last)
        prior = 0.5 * (signal * data.square() + F.softplus(-last) - signal).sum(1)
        gamma = self.gamma(spread_times(len(x))[:, None])
        error = (data - self.denoised(noised(gamma), gamma)).square().sum(1)
        return reconstruction + prior + 0.5 * self.log_range.exp() * torch.exp(-gamma[:, 0]) * error

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        """Ancestral sampling."""
        z = torch.randn(n, self.size)
        for step in range(self.STEPS):
            late, early = (self.gamma(torch.full((1, 1), 1 - at / self.STEPS)) for at in (step, step + 1))
            noise = -torch.expm1(early - late)  # 1 - SNR(late) / SNR(early)
            alpha = (torch.sigmoid(-early) / torch.sigmoid(-late)).sqrt()
            mean = alpha * (1 - noise) * z + torch.sigmoid(-early).sqrt() * noise * self.denoised(z, late)
            z = mean + (torch.sigmoid(early) * noise).sqrt() * torch.randn_like(z)
        return draw(self.likelihoods(z, self.gamma(torch.zeros(1, 1)))).float()


class FlowMatching(OfImages):
    STEPS = 20

    def __init__(self, task, denoiser=ConvDenoiser):
        super().__init__(task, lambda levels: 1, denoiser)

    def velocity(self, z, t):
        return self.network(z, t)[..., 0]

    def loss(self, x):
        data = (2 / self.levels) * (x + torch.rand_like(x)) - 1
        noise = torch.randn_like(x)
        t = spread_times(len(x))
        velocity = self.velocity((1 - t[:, None]) * data + t[:, None] * noise, t)
        return (velocity - (noise - data)).square().sum() / len(x)

    def sample(self, n):
        z = torch.randn(n, self.size)
        for step in range(self.STEPS):
            z = z - self.velocity(z, torch.full((n,), 1 - step / self.STEPS)) / self.STEPS
        return ((z + 1) * (self.levels / 2)).floor().clamp(0, self.levels - 1)


class PlainFlowMatching(FlowMatching):
    optimizer_options = {}

    def __init__(self, task):
        super().__init__(task, PlainDenoiser)


MODELS = {
    "ddgm": Ddgm,
    "flow-matching": FlowMatching,
    "flow-matching-mlp": lambda task: FlowMatching(task, MlpDenoiser),
    "flow-matching-plain": PlainFlowMatching,
    "vdm": VariationalDiffusion,
    "vdm-unet": lambda task: VariationalDiffusion(task, UNetDenoiser),
}
