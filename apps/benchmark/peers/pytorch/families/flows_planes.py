"""The flows of packages/flows/src/benchmark.ts that learn points of the plane."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import LOG_2PI, MaskedLinear, is_plane, mlp, units_of_plane

LAYERS = 5

# Where the left ends of the bins stand among the knots.
DATA, LATENTS = 0, 2


class PlaneFlow(nn.Module):
    """Layers `to_latents(y)`, each with the log-determinants, and reversals between them, over a standard normal."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def nats(self, x):
        z, log_det = x, 0.0
        for layer in self.layers:
            z, added = layer.to_latents(z)
            z, log_det = z.flip(1), log_det + added
        return 0.5 * (z.square() + LOG_2PI).sum(1) - log_det

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        y = torch.randn(n, 2)
        for layer in reversed(self.layers):
            y = layer.to_data(y.flip(1))
        return y


class MaskedAffine(nn.Module):
    """An element is scaled and shifted by what a masked network makes of those before it."""

    LARGEST = 3.0

    def __init__(self, units):
        super().__init__()
        first, hidden = torch.arange(2), torch.zeros(units, dtype=torch.long)
        outputs = torch.tensor([-1, -1, 0, 0])
        self.network = nn.Sequential(
            MaskedLinear(first <= hidden[:, None]),
            nn.ReLU(),
            MaskedLinear(hidden <= hidden[:, None]),
            nn.ReLU(),
            MaskedLinear(hidden <= outputs[:, None]),
        )

    def parameters_for(self, y):
        raw, shift = self.network(y).view(-1, 2, 2).unbind(2)
        return self.LARGEST * torch.tanh(raw / self.LARGEST), shift

    def to_latents(self, y):
        log_scale, shift = self.parameters_for(y)
        return (y - shift) * torch.exp(-log_scale), -log_scale.sum(1)

    def to_data(self, z):
        y = torch.zeros_like(z)
        for element in range(2):
            log_scale, shift = self.parameters_for(y)
            y = torch.cat([y[:, :element], (torch.exp(log_scale) * z + shift)[:, element:]], 1)
        return y


class SplineCoupling(nn.Module):
    """The second element goes through a spline of rational quadratics (Durkan et al., 2019, Eq. 4-8), given the first."""

    BINS, BOUND = 8, 5.0
    SMALLEST_SHARE, SMALLEST_SLOPE, LARGEST_SLOPE = 1e-2, 1e-3, 1e3

    def __init__(self, units):
        super().__init__()
        self.network = mlp(1, units, units, 3 * self.BINS - 1, activation=nn.ReLU)

    def knots(self, kept):
        """Left ends and sizes of the bins on both sides, and the slopes at their ends, `[n, bins]` each."""
        widths, heights, slopes = self.network(kept).split([self.BINS, self.BINS, self.BINS - 1], 1)
        sizes = [2 * self.BOUND * self.shares(raw) for raw in (widths, heights)]
        starts = [F.pad(size.cumsum(1)[:, :-1], (1, 0)) - self.BOUND for size in sizes]
        raw = (slopes + math.log(math.expm1(1 - self.SMALLEST_SLOPE))).clamp(max=self.LARGEST_SLOPE)
        slopes = F.pad(self.SMALLEST_SLOPE + F.softplus(raw), (1, 1), value=1.0)
        return starts[0], sizes[0], starts[1], sizes[1], slopes[:, :-1], slopes[:, 1:]

    def shares(self, raw):
        return self.SMALLEST_SHARE / self.BINS + (1 - self.SMALLEST_SHARE) * raw.softmax(1)

    def locate(self, values, side):
        """The kept element, the other, whether the spline moves that, from where, and its bin: on the data's side, or on the latents'."""
        kept, changed = values[:, :1], values[:, 1:]
        inside = changed.abs() < self.BOUND
        place = torch.where(inside, changed, torch.zeros_like(changed))
        knots = self.knots(kept)
        index = ((place >= knots[side]).sum(1, keepdim=True) - 1).clamp(min=0)
        return kept, changed, inside, place, [each.gather(1, index) for each in knots]

    def to_latents(self, y):
        kept, changed, inside, place, (start, width, base, height, left, right) = self.locate(y, DATA)
        part = ((place - start) / width).clamp(0, 1)
        both, mean = part * (1 - part), height / width
        below = mean + (left + right - 2 * mean) * both
        value = base + height * (mean * part.square() + left * both) / below
        slope = right * part.square() + 2 * mean * both + left * (1 - part).square()
        log_slope = 2 * mean.log() + slope.log() - 2 * below.log()
        z = torch.where(inside, value, changed)
        return torch.cat([kept, z], 1), torch.where(inside, log_slope, torch.zeros_like(z)).sum(1)

    def to_data(self, z):
        kept, changed, inside, place, (start, width, base, height, left, right) = self.locate(z, LATENTS)
        rise, mean = place - base, height / width
        bend = rise * (left + right - 2 * mean)
        a, b, c = height * (mean - left) + bend, height * left - bend, -mean * rise
        part = 2 * c / (-b - (b.square() - 4 * a * c).clamp(min=1e-30).sqrt())
        value = start + width * part.clamp(0, 1)
        return torch.cat([kept, torch.where(inside, value, changed)], 1)


def of(layer):
    def make(task):
        # Tables of more columns train by protocols of their own.
        if not is_plane(task):
            raise ValueError("the PyTorch peer takes points of the plane")
        return PlaneFlow([layer(units_of_plane(task)) for _ in range(LAYERS)])

    return make


MODELS = {"maf": of(MaskedAffine), "spline-flow": of(SplineCoupling)}
