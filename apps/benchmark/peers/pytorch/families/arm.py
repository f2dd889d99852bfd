"""The autoregressive models of packages/arm/src/benchmark.ts."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import MANY_VALUES, MaskedLinear, bits_or_few_levels, degrees_of, draw, surprise

AS_MANY_AS_THERE_ARE = 1 << 30


class Arm(nn.Module):
    """A model whose method `logits(x)` gives `[n, d, values]` for integers `[n, d]`, each from those before it only."""

    # How many variables back a conditional sees.
    reach = AS_MANY_AS_THERE_ARE

    def __init__(self, task):
        super().__init__()
        self.shape, self.dims = task.shape, math.prod(task.shape)
        self.levels, self.outputs = bits_or_few_levels(task)

    def one_hot(self, x):
        """Channels first: `[n, values, d]`."""
        return F.one_hot(x.long(), self.levels).float().transpose(1, 2)

    def nats(self, x):
        x = x.flatten(1)
        return surprise(self.logits(x), x)

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        x = torch.zeros(n, self.dims)
        for d in range(self.dims):
            seen = x[:, max(0, d - self.reach) : d + 1]
            x[:, d] = draw(self.logits(seen)[:, -1])
        return x.view(n, *self.shape)


def shift_right(x):
    """`[n, channels, d]`, everything one place later, and a zero first."""
    return F.pad(x[..., :-1], (1, 0))


class CausalConv1d(nn.Conv1d):
    def forward(self, x):
        return super().forward(F.pad(x, ((self.kernel_size[0] - 1) * self.dilation[0], 0)))


class ConvArm(Arm):
    """DGM Listings 2.1-2.3."""

    def __init__(self, task):
        super().__init__(task)
        hidden, size = 64 if task.quick else 256, 7
        self.reach = 4 * (size - 1) + 1
        self.net = nn.Sequential(
            CausalConv1d(1, hidden, size),
            nn.LeakyReLU(0.01),
            CausalConv1d(hidden, hidden, size),
            nn.LeakyReLU(0.01),
            CausalConv1d(hidden, hidden, size),
            nn.LeakyReLU(0.01),
            CausalConv1d(hidden, self.outputs, size),
        )

    def logits(self, x):
        return self.net(shift_right(x.unsqueeze(1))).transpose(1, 2)


class FiniteMemory(Arm):
    def __init__(self, task):
        super().__init__(task)
        hidden, self.reach = 64 if task.quick else 256, 16
        self.window = CausalConv1d(self.levels, hidden, self.reach)
        self.output = nn.Conv1d(hidden, self.outputs, 1)

    def logits(self, x):
        return self.output(self.window(shift_right(self.one_hot(x))).relu()).transpose(1, 2)


class GruArm(Arm):
    def __init__(self, task):
        super().__init__(task)
        hidden = 32 if task.quick else 128
        self.gru = nn.GRU(self.levels, hidden, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.output = nn.Linear(hidden, self.outputs)

    def logits(self, x):
        visited, _ = self.gru(shift_right(self.one_hot(x)).transpose(1, 2))
        return self.output(self.drop(visited))

    def sample(self, n):
        last, state, values = torch.zeros(n, 1, self.levels), None, []
        for _ in range(self.dims):
            visited, state = self.gru(last, state)
            values.append(draw(self.output(visited)))
            last = F.one_hot(values[-1], self.levels).float()
        return torch.cat(values, 1).float().view(n, *self.shape)


def gate(x, dim):
    signal, opening = x.chunk(2, dim)
    return signal.tanh() * opening.sigmoid()


class WaveNet(Arm):
    DILATIONS = (1, 2, 4, 8, 16, 32)

    def __init__(self, task):
        super().__init__(task)
        hidden = 16 if task.quick else 48
        self.input = CausalConv1d(self.levels, hidden, 2)
        self.gates = nn.ModuleList(CausalConv1d(hidden, 2 * hidden, 2, dilation=d) for d in self.DILATIONS)
        self.residuals = nn.ModuleList(nn.Conv1d(hidden, hidden, 1) for _ in self.DILATIONS)
        self.skips = nn.ModuleList(nn.Conv1d(hidden, hidden, 1) for _ in self.DILATIONS)
        self.drop = nn.Dropout(0.2)
        self.hidden, self.output = nn.Conv1d(hidden, hidden, 1), nn.Conv1d(hidden, self.outputs, 1)

    def logits(self, x):
        h, skipped = self.input(shift_right(self.one_hot(x))), 0
        for convolution, residual, skip in zip(self.gates, self.residuals, self.skips):
            z = gate(convolution(self.drop(h)), 1)
            skipped = skipped + skip(z)
            h = h + residual(z)
        return self.output(self.hidden((skipped + h).relu()).relu()).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, features, heads):
        super().__init__()
        self.heads = heads
        self.input, self.output = nn.Linear(features, 3 * features), nn.Linear(features, features)
        nn.init.xavier_uniform_(self.input.weight)
        nn.init.zeros_(self.input.bias)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        n, length, features = x.shape
        size = features // self.heads
        by_head = self.input(x).view(n, length, 3, self.heads, size).permute(2, 0, 3, 1, 4)
        q, k, v = by_head.reshape(3, n * self.heads, length, size)
        future = torch.full((length, length), -math.inf).triu(1)
        weights = torch.baddbmm(future, q, k.transpose(1, 2), alpha=1 / math.sqrt(size)).softmax(2)
        together = torch.bmm(weights, v).view(n, self.heads, length, size).transpose(1, 2)
        return self.output(together.reshape(n, length, features))


class Block(nn.Module):
    def __init__(self, features, heads, dropout):
        super().__init__()
        self.attention = nn.Sequential(
            nn.LayerNorm(features), Attention(features, heads), nn.Dropout(dropout)
        )
        self.mlp = nn.Sequential(
            nn.LayerNorm(features),
            nn.Linear(features, 4 * features),
            nn.GELU(),
            nn.Linear(4 * features, features),
            nn.Dropout(dropout),
        )

    def forward(self, x):
        x = x + self.attention(x)
        return x + self.mlp(x)


class TransformerArm(Arm):
    def __init__(self, task):
        super().__init__(task)
        features, blocks, dropout = (32, 2, 0.1) if task.quick else (64, 4, 0.1)
        self.input = nn.Linear(self.levels, features)
        self.positions = nn.Parameter(0.02 * torch.randn(self.dims, features))
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.Sequential(*(Block(features, 4, dropout) for _ in range(blocks)))
        self.output = nn.Sequential(nn.LayerNorm(features), nn.Linear(features, self.outputs))

    def logits(self, x):
        earlier = shift_right(self.one_hot(x)).transpose(1, 2)
        h = self.drop(self.input(earlier) + self.positions[: x.shape[1]])
        return self.output(self.blocks(h))


class Made(Arm):
    def __init__(self, task):
        super().__init__(task)
        many = self.dims >= MANY_VALUES
        hidden = (128,) if task.quick else (500,) if many else (512, 512)
        self.sees_bits = many and self.levels == 2
        variables = torch.arange(self.dims).repeat_interleave(1 if self.sees_bits else self.levels)
        degrees = [variables, *(degrees_of(units, self.dims) for units in hidden)]
        masks = [late[:, None] >= early[None, :] for early, late in zip(degrees, degrees[1:])]
        outputs = torch.arange(self.dims).repeat_interleave(self.outputs)
        masks.append(outputs[:, None] > degrees[-1][None, :])
        self.layers = nn.ModuleList(map(MaskedLinear, masks))

    def logits(self, x):
        h = x.float() if self.sees_bits else F.one_hot(x.long(), self.levels).float().flatten(1)
        for layer in self.layers[:-1]:
            h = layer(h).relu()
        return self.layers[-1](h).view(len(x), self.dims, self.outputs)

    def sample(self, n):
        return full_passes(self, n)


class Nade(Arm):
    """Larochelle and Murray, 2011: the conditionals share the weights of what they have seen."""

    def __init__(self, task):
        super().__init__(task)
        hidden = 32 if task.quick else 128
        within = lambda shape, fan_in: nn.Parameter(torch.empty(shape).uniform_(-(fan_in**-0.5), fan_in**-0.5))
        self.visible = within((self.dims, self.levels, hidden), self.dims)
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))
        self.out = within((self.dims, hidden, self.outputs), hidden)
        self.out_bias = nn.Parameter(torch.zeros(self.dims, 1, self.outputs))

    def logits(self, x):
        seen = F.one_hot(x.long(), self.levels).float().transpose(0, 1) @ self.visible
        before = F.pad(seen[:-1], (0, 0, 0, 0, 1, 0)).cumsum(0)
        h = (before + self.hidden_bias).sigmoid()
        return (h @ self.out + self.out_bias).transpose(0, 1)

    def sample(self, n):
        x, total = torch.zeros(n, self.dims), self.hidden_bias.repeat(n, 1)
        for d in range(self.dims):
            x[:, d] = draw(total.sigmoid() @ self.out[d] + self.out_bias[d])
            total = total + self.visible[d][x[:, d].long()]
        return x.view(n, *self.shape)


def full_passes(model, n):
    """One pass of a network that takes all variables at a time for each of them."""
    x = torch.zeros(n, model.dims)
    for d in range(model.dims):
        x[:, d] = draw(model.logits(x)[:, d])
    return x.view(n, *model.shape)


class ImageArm(Arm):
    """Of images of one channel, whose `body(image)` gives the logits, channels first."""

    DROPOUT = 0.2

    def __init__(self, task):
        super().__init__(task)
        self.side = math.isqrt(self.dims)
        self.hidden = 16 if task.quick else 32
        self.positions = nn.Parameter(torch.zeros(1, self.hidden, self.side, self.side))
        self.drop = nn.Dropout(self.DROPOUT)

    def logits(self, x):
        image = self.one_hot(x).reshape(len(x), self.levels, self.side, self.side)
        return self.body(image).flatten(2).transpose(1, 2)

    def sample(self, n):
        return full_passes(self, n)


class MaskedConv2d(nn.Conv2d):
    def __init__(self, inputs, outputs, size, sees_itself):
        super().__init__(inputs, outputs, size, padding=size // 2)
        middle = size * size // 2
        taps = torch.arange(size * size) < middle + sees_itself
        self.register_buffer("mask", taps.float().view(size, size))

    def forward(self, x):
        return self._conv_forward(x, self.weight * self.mask, self.bias)


class MaskedBlock(nn.Module):
    def __init__(self, hidden, size):
        super().__init__()
        half = hidden // 2
        self.net = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(hidden, half, 1),
            nn.ReLU(),
            MaskedConv2d(half, half, size, sees_itself=True),
            nn.ReLU(),
            nn.Conv2d(half, hidden, 1),
        )

    def forward(self, x):
        return x + self.net(x)


def pixelwise(hidden, outputs):
    return nn.Sequential(
        nn.ReLU(), nn.Conv2d(hidden, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, outputs, 1)
    )


class PixelCnn(ImageArm):
    def __init__(self, task):
        super().__init__(task)
        self.first = MaskedConv2d(self.levels, self.hidden, 5, sees_itself=False)
        self.blocks = nn.ModuleList(MaskedBlock(self.hidden, 3) for _ in range(2 if task.quick else 5))
        self.output = pixelwise(self.hidden, self.outputs)

    def body(self, image):
        h = self.first(image) + self.positions
        for block in self.blocks:
            h = block(self.drop(h))
        return self.output(h)


class ShiftedConv2d(nn.Conv2d):
    """Sees the rows above (and its own), or the pixels to the left; with `late`, one row or pixel later."""

    def __init__(self, inputs, outputs, reach, down, late=False):
        super().__init__(inputs, outputs, (reach, 2 * reach - 1) if down else (1, reach))
        sideways = (reach - 1, reach - 1) if down else (reach - 1 + late, -int(late))
        upwards = (reach - 1 + late, -int(late)) if down else (0, 0)
        self.edges = (*sideways, *upwards)

    def forward(self, x):
        return super().forward(F.pad(x, self.edges))


class GatedBlock(nn.Module):
    def __init__(self, hidden, reach):
        super().__init__()
        self.up = ShiftedConv2d(hidden, 2 * hidden, reach, down=True)
        self.left = ShiftedConv2d(hidden, 2 * hidden, reach, down=False)
        self.across = nn.Conv2d(2 * hidden, 2 * hidden, 1)
        self.residual = nn.Conv2d(hidden, hidden, 1)

    def forward(self, vertical, horizontal, drop):
        above = self.up(drop(vertical))
        change = self.residual(gate(self.left(drop(horizontal)) + self.across(above), 1))
        return gate(above, 1), horizontal + change


class GatedPixelCnn(ImageArm):
    def __init__(self, task):
        super().__init__(task)
        self.up = ShiftedConv2d(self.levels, self.hidden, 3, down=True, late=True)
        self.left = ShiftedConv2d(self.levels, self.hidden, 3, down=False, late=True)
        self.blocks = nn.ModuleList(GatedBlock(self.hidden, 2) for _ in range(2 if task.quick else 4))
        self.output = pixelwise(self.hidden, self.outputs)

    def body(self, image):
        vertical = self.up(image) + self.positions
        horizontal = vertical + self.left(image)
        for block in self.blocks:
            vertical, horizontal = block(vertical, horizontal, self.drop)
        return self.output(horizontal)


MODELS = {
    "arm-conv": ConvArm,
    "arm-finite-memory": FiniteMemory,
    "arm-gru": GruArm,
    "arm-wavenet": WaveNet,
    "arm-transformer": TransformerArm,
    "arm-made": Made,
    "arm-nade": Nade,
    "arm-pixelcnn": PixelCnn,
    "arm-gated-pixelcnn": GatedPixelCnn,
}
