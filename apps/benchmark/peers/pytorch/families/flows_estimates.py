"""The flows with estimated log-determinants of packages/flows/src/benchmark-of-estimates.ts."""

import math

import torch
from torch import nn

from parts import LOG_2PI, from_logits, to_logits

FIRST_ROWS = 500
LIPSCHITZ = 0.9
SQUARINGS = 5
ALWAYS, GO_ON, MAXIMUM = 2, 0.5, 20


def signs(like):
    return torch.randint(0, 2, like.shape).to(like) * 2 - 1


class Dequantized(nn.Module):
    """A flow behind noise on [0, 1) and a logit: `encode(y, exact)` gives latents and log-determinants."""

    def __init__(self, task):
        super().__init__()
        if task.levels is None or len(task.shape) != 1:
            raise ValueError("the PyTorch peer takes vectors of integers")
        self.dims, self.levels = task.shape[0], task.levels

    def bound(self, x, exact):
        logits, log_slopes = to_logits(x, self.levels)
        z, log_det = self.encode(logits, exact)
        return 0.5 * (z.square() + LOG_2PI).sum(1) - log_det - log_slopes.sum(1)

    def loss(self, x):
        return self.bound(x, exact=False).mean()

    def nats(self, x):
        return self.bound(x, exact=True)

    def sample(self, n):
        return from_logits(self.decode(torch.randn(n, self.dims)), self.levels)


class LipSwish(nn.Module):
    def __init__(self):
        super().__init__()
        self.steepness = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        """The value and the slope."""
        t = nn.functional.softplus(self.steepness) * x
        gate = torch.sigmoid(t)
        return x * gate / 1.1, gate * (1 + t * torch.sigmoid(-t)) / 1.1


class Tanh(nn.Module):
    def forward(self, x):
        y = torch.tanh(x)
        return y, 1 - y.square()


class Mlp(nn.Module):
    """A perceptron that knows its Jacobian: its value, and a function that multiplies directions with it."""

    def __init__(self, sizes, activation, conditions=0):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.activations = nn.ModuleList(activation() for _ in sizes[2:])
        self.moved = nn.ModuleList(nn.Linear(1, b, bias=False) for b in sizes[1:]) if conditions else None

    def kernel(self, linear):
        return linear.weight

    def linearize(self, x, t=None):
        kernels, slopes = [self.kernel(linear) for linear in self.linears], []
        for index, linear in enumerate(self.linears):
            x = x @ kernels[index].T + linear.bias
            if t is not None:
                x = x + t * self.moved[index].weight[:, 0]
            if index < len(self.activations):
                x, slope = self.activations[index](x)
                slopes.append(slope)

        def push(v):
            for index, kernel in enumerate(kernels):
                v = v @ kernel.T
                if index < len(slopes):
                    v = v * slopes[index]
            return v

        return x, push


class Contraction(Mlp):
    """With kernels that are divided by a bound on their spectral norm, where it is above 1."""

    def kernel(self, linear):
        weight = linear.weight
        gram = weight.T @ weight if weight.shape[0] >= weight.shape[1] else weight @ weight.T
        log_scale = torch.zeros(())
        for _ in range(SQUARINGS - 1):
            size = gram.norm()
            gram, log_scale = (gram / size) @ (gram / size), 2 * (log_scale + size.log())
        bound = torch.exp((log_scale + gram.norm().log()) / 2**SQUARINGS)
        return weight / bound.clamp(min=1)

    def linearize(self, x, t=None):
        value, push = super().linearize(x)
        return LIPSCHITZ * value, lambda v: LIPSCHITZ * push(v)


def roulette(x, push):
    """An estimate of ln det(I + J), with one product on the tape whatever the number of terms."""
    v = signs(x)
    drawn = torch.rand(len(x), 1)
    with torch.no_grad():
        power, neumann, total = v, torch.zeros_like(v), 0.0
        for k in range(1, MAXIMUM + 1):
            probability = GO_ON ** max(0, k - ALWAYS)
            weight = (-1) ** (k + 1) * (drawn < probability) / probability
            neumann = neumann + weight * power
            power = push(power)
            total = total + weight / k * (v * power).sum(1, keepdim=True)
    carrier = (v * push(neumann)).sum(1)
    return total.squeeze(1) + carrier - carrier.detach()


def columns(x, push):
    """The Jacobian, transposed: `[n, D, D]`."""
    n, dims = x.shape
    units = torch.eye(dims).unsqueeze(1).expand(dims, n, dims)
    return push(units).transpose(0, 1)


class ResidualFlow(Dequantized):
    """Residual blocks between activation normalizations."""

    def __init__(self, task):
        super().__init__(task)
        width, blocks = task.width or (16 if task.quick else 64), 1 if task.quick else 4
        sizes = self.dims, width, width, self.dims
        self.blocks = nn.ModuleList(Contraction(sizes, LipSwish) for _ in range(blocks))
        self.shifts = nn.ParameterList(nn.Parameter(torch.zeros(self.dims)) for _ in range(blocks + 1))
        self.log_scales = nn.ParameterList(nn.Parameter(torch.zeros(self.dims)) for _ in range(blocks + 1))
        self.starting = True
        with torch.no_grad():
            self.loss(task.train[:FIRST_ROWS])
        self.starting = False

    def normalize(self, index, y):
        if self.starting:
            variance, mean = torch.var_mean(y, 0, unbiased=False)
            self.shifts[index].copy_(-mean)
            self.log_scales[index].copy_(-torch.log(variance.sqrt() + 1e-6))
        return self.log_scales[index].exp() * (y + self.shifts[index])

    def encode(self, z, exact):
        log_det = sum(log_scale.sum() for log_scale in self.log_scales)
        for index, block in enumerate(self.blocks):
            z = self.normalize(index, z)
            value, push = block.linearize(z)
            if exact:
                step = torch.linalg.slogdet(torch.eye(self.dims) + columns(z, push))[1]
            else:
                step = roulette(z, push)
            z, log_det = z + value, log_det + step
        return self.normalize(len(self.blocks), z), log_det

    def decode(self, z):
        steps = math.ceil(math.log(1e-6 * (1 - LIPSCHITZ)) / math.log(LIPSCHITZ))
        y = self.undo(len(self.blocks), z)
        for index in reversed(range(len(self.blocks))):
            target = y
            for _ in range(steps):
                y = target - self.blocks[index].linearize(y)[0]
            y = self.undo(index, y)
        return y

    def undo(self, index, z):
        return z * torch.exp(-self.log_scales[index]) - self.shifts[index]


class Cnf(Dequantized):
    """A differential equation by the classical Runge-Kutta method."""

    def __init__(self, task):
        super().__init__(task)
        width = task.width or (16 if task.quick else 64)
        self.field = Mlp((self.dims, width, width, self.dims), Tanh, conditions=1)
        self.steps = 2 if task.quick else 6

    def solve(self, z, slope, start, end, steps):
        h, log_det = (end - start) / steps, torch.zeros(len(z))
        for step in range(steps):
            t = start + step * h
            a, trace_a = slope(z, t)
            b, trace_b = slope(z + h / 2 * a, t + h / 2)
            c, trace_c = slope(z + h / 2 * b, t + h / 2)
            d, trace_d = slope(z + h * c, t + h)
            z = z + h / 6 * (a + 2 * b + 2 * c + d)
            log_det = log_det + h / 6 * (trace_a + 2 * trace_b + 2 * trace_c + trace_d)
        return z, log_det

    def encode(self, y, exact):
        v = signs(y)

        def slope(z, t):
            value, push = self.field.linearize(z, t)
            if exact:
                return value, columns(z, push).diagonal(dim1=1, dim2=2).sum(1)
            return value, (v * push(v)).sum(1)

        return self.solve(y, slope, 1, 0, 2 * self.steps if exact else self.steps)

    def decode(self, z):
        def slope(z, t):
            return self.field.linearize(z, t)[0], torch.zeros(len(z))

        return self.solve(z, slope, 0, 1, 2 * self.steps)[0]


MODELS = {"residual-flow": ResidualFlow, "cnf": Cnf}
