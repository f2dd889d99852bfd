"""What the models of several families are made of."""

import math

import torch
import torch.nn.functional as F
from torch import nn

FEW_LEVELS = 32
# Of MNIST, or more: models take the sizes of papers on it then.
MANY_VALUES = 784
LOG_2PI = math.log(2 * math.pi)


def mlp(*sizes, activation=lambda: nn.LeakyReLU(0.01)):
    """Linear layers with an activation between them."""
    layers = [
        layer
        for inputs, outputs in zip(sizes, sizes[1:])
        for layer in (nn.Linear(inputs, outputs), activation())
    ]
    return nn.Sequential(*layers[:-1])


def is_plane(task):
    """Whether the examples are points of the plane."""
    return task.levels is None and tuple(task.shape) == (2,)


def units_of_plane(task):
    """Hidden units where points of the plane are learned."""
    return task.width or (16 if task.quick else 64)


def few_levels(task):
    """The number of values of an entry, where both sides take a free probability for each."""
    if task.levels is None or not 2 < task.levels <= FEW_LEVELS:
        raise ValueError("the PyTorch peer has a categorical likelihood: data of 3 to 32 values")
    return task.levels


def bits_or_few_levels(task):
    """The number of values of an entry, and of the logits of one: a bit has the logit of a 1."""
    return (2, 1) if task.levels == 2 else (few_levels(task), few_levels(task))


def surprise(logits, x):
    """Minus the log-probability of each example: logits `[n, d, values]`, or `[n, d, 1]` of bits; integers `[n, d]`."""
    if logits.shape[-1] == 1:
        bits = x.view(len(x), -1).float()
        flat = logits.reshape(len(x), -1)
        return F.binary_cross_entropy_with_logits(flat, bits, reduction="none").sum(1)
    flat = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), x.long().view(-1), reduction="none")
    return flat.view(len(x), -1).sum(1)


def draw(logits):
    """A value for each row of logits."""
    if logits.shape[-1] == 1:
        return torch.bernoulli(logits.sigmoid()).long().squeeze(-1)
    return torch.multinomial(logits.reshape(-1, logits.shape[-1]).softmax(1), 1).view(logits.shape[:-1])


# Of a logit's range, at either end.
MARGIN = 0.05


def to_logits(x, levels):
    """Integers behind noise on [0, 1), as logits of their share of the range; and the log-determinants, of each entry."""
    share = MARGIN + (1 - 2 * MARGIN) / levels * (x + torch.rand_like(x))
    return torch.logit(share), math.log((1 - 2 * MARGIN) / levels) - torch.log(share) - torch.log1p(-share)


def from_logits(z, levels):
    share = (torch.sigmoid(z) - MARGIN) / (1 - 2 * MARGIN)
    return (share * levels).floor().clamp(0, levels - 1)


def degrees_of(units, dims):
    """Of the hidden units of a masked network: one for each variable but the last in turn, or spread evenly over them."""
    each = torch.arange(units)
    return ((each + 1) * (dims - 1)) // units - 1 if units < dims - 1 else each % (dims - 1)


class MaskedLinear(nn.Linear):
    """Only the weights under the mask `[outputs, inputs]` count."""

    def __init__(self, mask):
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask.float())

    def forward(self, x):
        return F.linear(x, self.weight * self.mask, self.bias)


def log_normal(z, mean, log_variance):
    """Of independent entries, summed up over the last axis."""
    squares = (z - mean).square() * torch.exp(-log_variance)
    return -0.5 * (squares + log_variance + LOG_2PI).sum(-1)


def draw_normal(mean, log_variance):
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


class RoundStraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x.round()

    @staticmethod
    def backward(context, gradient):
        return gradient


round_straight_through = RoundStraightThrough.apply


def log_integer(x, mean, log_scale):
    """Log-probability of integers under discretized logistic distributions over all of them, by the nearer tail."""
    scale = torch.exp(-log_scale)
    distance = (x - mean).abs()
    upper, lower = F.logsigmoid(scale * (0.5 - distance)), F.logsigmoid(scale * (-0.5 - distance))
    return upper + torch.log(-torch.expm1(lower - upper))
