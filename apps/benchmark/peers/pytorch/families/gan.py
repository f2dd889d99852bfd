"""The generative adversarial networks of the benchmark, of integers behind networks that see -1 to 1."""

import functools

import torch
import torch.nn.functional as F
from torch import nn

from parts import mlp

LATENT = 16


class Gan(nn.Module):
    """`kind` is the loss; `real` and `fake` are the weights of the gradient penalties at either, `between` that of Wasserstein
    GANs between them. The generator learns at every `steps`-th step."""

    optimizer_options = {"betas": (0.0, 0.99)}
    activation = staticmethod(lambda: nn.LeakyReLU(0.2))

    def __init__(self, task, kind, noise=0.1, real=0.0, fake=0.0, between=0.0, steps=1, layers=2, units=256):
        super().__init__()
        if task.levels is None or len(task.shape) != 1:
            raise ValueError("the PyTorch peer takes vectors of integers")
        size, self.levels, self.kind, self.noise = task.shape[0], task.levels, kind, noise
        self.weights, self.steps = (real, fake, between), steps
        hidden = [(task.width or (64 if task.quick else units)) if layers == 2 else units] * layers
        self.generator = mlp(LATENT, *hidden, size, activation=self.activation)
        self.critic = mlp(size, *hidden, 1, activation=self.activation)

    def players(self):
        critic = self.loss, list(self.critic.parameters()), 1
        return [critic, (self.generator_loss, list(self.generator.parameters()), self.steps)]

    def generate(self, n):
        return self.generator(torch.randn(n, LATENT)).tanh()

    def seen(self, x, fakes):
        real = x * (2 / (self.levels - 1)) - 1
        return [y + self.noise * torch.randn_like(y) for y in (real, fakes)]

    def slope(self, x):
        """The squared norm of the critic's gradient, of each row."""
        with torch.enable_grad():
            x = x if x.requires_grad else x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.critic(x).sum(), x, create_graph=True)
        return slope.square().sum(1)

    def loss(self, x):
        with torch.no_grad():
            fakes = self.generate(len(x))
        real, fake = self.seen(x, fakes)
        on_real, on_fake = self.critic(real), self.critic(fake)
        if self.kind == "relativistic":
            loss = F.softplus(on_fake - on_real).mean()
        elif self.kind == "wasserstein":
            loss = on_fake.mean() - on_real.mean()
        else:
            loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
        at_real, at_fake, between = self.weights
        if at_real > 0:
            loss = loss + at_real * self.slope(real).mean()
        if at_fake > 0:
            loss = loss + at_fake * self.slope(fake).mean()
        if between > 0:
            points = fake + torch.rand(len(x), 1) * (real - fake)
            loss = loss + between * ((self.slope(points) + 1e-12).sqrt() - 1).square().mean()
        return loss

    def generator_loss(self, x):
        real, fake = self.seen(x, self.generate(len(x)))
        on_fake = self.critic(fake)
        if self.kind == "relativistic":
            return F.softplus(self.critic(real) - on_fake).mean()
        if self.kind == "wasserstein":
            return -on_fake.mean()
        return -F.softplus(on_fake).mean() if self.kind == "saturating" else F.softplus(-on_fake).mean()

    def sample(self, n):
        x = (self.generate(n) + 1) * ((self.levels - 1) / 2)
        return (x + 0.5).floor().clamp(0, self.levels - 1)


class BookGan(Gan):
    """DGM Listings 7.1-7.5."""

    optimizer_options = {}
    activation = nn.ReLU

    def __init__(self, task):
        super().__init__(task, "saturating", noise=0.03, layers=1, units=128)


MODELS = {
    "gan-r3": functools.partial(Gan, kind="relativistic", real=0.15, fake=0.15),
    "gan-non-saturating": functools.partial(Gan, kind="non-saturating", real=0.25),
    "gan-wgan-gp": functools.partial(Gan, kind="wasserstein", between=10.0, steps=3),
    "gan-book": BookGan,
}
