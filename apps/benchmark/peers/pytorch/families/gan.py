"""The generative adversarial networks of the benchmark, of integers behind networks that see -1 to 1, and density networks."""

import functools
import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import draw, few_levels, mlp, surprise

LATENT, CLASSES = 16, 10


def leaky():
    return nn.LeakyReLU(0.2)


class Gan(nn.Module):
    """`kind` is the loss; `real` and `fake` are the weights of the gradient penalties at either, `between` that of Wasserstein
    GANs between them. The generator learns at every `steps`-th step. Generator and critic see `told` and `shown` numbers more."""

    optimizer_options = {"betas": (0.0, 0.99)}
    activation = staticmethod(leaky)

    def __init__(
        self, task, kind, noise=0.1, real=0.0, fake=0.0, between=0.0, steps=1, layers=2, units=256, told=0, shown=0
    ):
        super().__init__()
        if task.levels is None or len(task.shape) != 1:
            raise ValueError("the PyTorch peer takes vectors of integers")
        size, self.levels, self.kind, self.noise = task.shape[0], task.levels, kind, noise
        self.weights, self.steps = (real, fake, between), steps
        hidden = [(task.width or (64 if task.quick else units)) if layers == 2 else units] * layers
        self.generator = mlp(LATENT + told, *hidden, size, activation=self.activation)
        self.critic = mlp(size + shown, *hidden, 1, activation=self.activation)

    def players(self):
        critic = self.loss, list(self.critic.parameters()), 1
        return [critic, (self.generator_loss, list(self.generator.parameters()), self.steps)]

    def score(self, x):
        return self.critic(x)

    def generate(self, n):
        return self.generator(torch.randn(n, LATENT)).tanh()

    def seen(self, x, fakes):
        real = x * (2 / (self.levels - 1)) - 1
        return [y + self.noise * torch.randn_like(y) for y in (real, fakes)]

    def slope(self, x):
        """The squared norm of the critic's gradient, of each row."""
        with torch.enable_grad():
            x = x if x.requires_grad else x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.score(x).sum(), x, create_graph=True)
        return slope.square().sum(1)

    def loss(self, x):
        with torch.no_grad():
            fakes = self.generate(len(x))
        real, fake = self.seen(x, fakes)
        on_real, on_fake = self.score(real), self.score(fake)
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
        on_fake = self.score(fake)
        if self.kind == "relativistic":
            return F.softplus(self.score(real) - on_fake).mean()
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


class ConditionalGan(Gan):
    """R3GAN whose networks see the class of an example beside what else they see."""

    takes_labels = True

    def __init__(self, task):
        super().__init__(task, "relativistic", real=0.15, fake=0.15, told=CLASSES, shown=CLASSES)

    def score(self, x):
        return self.critic(torch.cat([x, self.context], 1))

    def generate(self, n):
        return self.generator(torch.cat([torch.randn(n, LATENT), self.context], 1)).tanh()

    def told(self, batch):
        x, labels = batch
        self.context = F.one_hot(labels.long(), CLASSES).float()
        return x

    def loss(self, batch):
        return super().loss(self.told(batch))

    def generator_loss(self, batch):
        return super().generator_loss(self.told(batch))

    def sample(self, n):
        self.context = F.one_hot(torch.arange(n) % CLASSES, CLASSES).float()
        return super().sample(n)


class InfoGan(Gan):
    """R3GAN that is told a random class, which a network must read from what is generated."""

    def __init__(self, task):
        super().__init__(task, "relativistic", real=0.15, fake=0.15, told=CLASSES)
        size, units = task.shape[0], task.width or (64 if task.quick else 256)
        self.recognition = mlp(size, units, CLASSES, activation=leaky)

    def players(self):
        critic, (loss, weights, every) = super().players()
        return [critic, (loss, weights + list(self.recognition.parameters()), every)]

    def generate(self, n):
        self.code = torch.randint(CLASSES, (n,))
        told = F.one_hot(self.code, CLASSES).float()
        return self.generator(torch.cat([torch.randn(n, LATENT), told], 1)).tanh()

    def generator_loss(self, x):
        real, fake = self.seen(x, self.generate(len(x)))
        loss = F.softplus(self.critic(real) - self.critic(fake)).mean()
        return loss + F.cross_entropy(self.recognition(fake), self.code)


class PresGan(Gan):
    """R3GAN with learned noise on what is generated, and the entropy of the samples in the generator's objective: its gradient is
    that of Dieng et al. (2019), Eq. 9-12, by Hamiltonian Monte Carlo over the latent variables. An encoder, which does not train the
    generator, draws for the bound."""

    player_options = {2: {"lr": 1e-3, "betas": (0.9, 0.999)}}
    entropy, low, high = 0.01, math.log(0.05), math.log(0.8)
    chain_steps, leapfrog_steps, acceptance, adaptation = 3, 5, 0.67, 0.05

    def __init__(self, task):
        super().__init__(task, "relativistic", real=0.15, fake=0.15)
        size, units = task.shape[0], task.width or (64 if task.quick else 256)
        self.std_logit = nn.Parameter(torch.zeros(size))
        self.encoder = mlp(size, units, units, 2 * LATENT, activation=leaky)
        self.register_buffer("log_step", torch.tensor(math.log(0.1)))

    def players(self):
        critic, (loss, weights, every) = super().players()
        return [
            critic,
            (loss, weights + [self.std_logit], every),
            (lambda x: self.nats(x).mean(), list(self.encoder.parameters()), 1),
        ]

    def std(self):
        return (self.low + (self.high - self.low) * self.std_logit.sigmoid()).exp()

    def mean(self, z):
        return self.generator(z).tanh()

    def draw(self, n):
        z = torch.randn(n, LATENT)
        mean = self.mean(z)
        return z, mean + self.std() * torch.randn_like(mean)

    def generate(self, n):
        return self.draw(n)[1]

    def potential(self, z, x):
        """-ln p(x, z) but for a constant, of each row, and its gradient."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            energy = 0.5 * (((x - self.mean(z)) / self.std()).square().sum(1) + z.square().sum(1))
            (slope,) = torch.autograd.grad(energy.sum(), z)
        return energy.detach(), slope

    def posterior(self, z, x):
        """Chains from z that leave p(z given x) as it is."""
        step, accepted = self.log_step.exp(), []
        energy, slope = self.potential(z, x)
        for _ in range(self.chain_steps):
            start = torch.randn_like(z)
            to, momentum, gradient = z, start - 0.5 * step * slope, slope
            for leap in range(self.leapfrog_steps):
                to = to + step * momentum
                after, gradient = self.potential(to, x)
                momentum = momentum - (step if leap + 1 < self.leapfrog_steps else 0.5 * step) * gradient
            change = energy - after + 0.5 * (start.square() - momentum.square()).sum(1)
            rate = change.clamp(max=0).exp()
            accepted.append(rate)
            moves = torch.rand(len(z)) < rate
            z, slope = (torch.where(moves[:, None], new, old) for new, old in ((to, z), (gradient, slope)))
            energy = torch.where(moves, after, energy)
        self.log_step += self.adaptation * (torch.stack(accepted).mean() - self.acceptance)
        return z

    def generator_loss(self, x):
        z, fakes = self.draw(len(x))
        with torch.no_grad():
            seen = fakes.detach()
            score = (self.mean(self.posterior(z, seen)) - seen) / self.std().square()
        real, fake = self.seen(x, fakes)
        loss = F.softplus(self.score(real) - self.score(fake)).mean()
        return loss + self.entropy * (score * fakes).sum(1).mean()

    def nats(self, x):
        """Minus ln p(x, z) - ln q(z given x) of one draw of the encoder: integers have the mass that is rounded to them."""
        real, half = x * (2 / (self.levels - 1)) - 1, 1 / (self.levels - 1)
        mean, log_variance = self.encoder(real).chunk(2, 1)
        noise = torch.randn_like(mean)
        z = mean + (0.5 * log_variance).exp() * noise
        deviation, half = (real - self.mean(z)) / self.std(), half / self.std()
        # Both ends on the left, where the logarithms are exact; the first and the last integer have all beyond them.
        near, far = (torch.special.log_ndtr(end) for end in (half - deviation.abs(), -half - deviation.abs()))
        inner = near + torch.log(-torch.expm1((far - near).clamp(max=-1e-7)))
        first, last = (torch.special.log_ndtr(end) for end in (deviation + half, half - deviation))
        given = torch.where(x == 0, first, torch.where(x == self.levels - 1, last, inner)).sum(1)
        prior, proposal = -0.5 * z.square(), -0.5 * (noise.square() + log_variance)
        return -(given + (prior - proposal).sum(1))


class DensityNetwork(nn.Module):
    """DGM Eq. 7.1-7.5: a decoder that learns from draws of the prior."""

    latent = 2

    def __init__(self, task):
        super().__init__()
        if len(task.shape) != 1:
            raise ValueError("the PyTorch peer takes vectors")
        self.dims, self.levels, width = task.shape[0], few_levels(task), task.width or 64
        self.draws = 4 if task.quick else 32
        self.decoder = mlp(self.latent, width, width, self.dims * self.levels, activation=leaky)

    def logits(self, n):
        return self.decoder(torch.randn(n, self.latent)).view(n, self.dims, self.levels)

    def nats(self, x):
        each = surprise(self.logits(self.draws * len(x)), x.repeat(self.draws, 1)).view(self.draws, -1)
        return math.log(self.draws) - torch.logsumexp(-each, 0)

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        return draw(self.logits(n))


MODELS = {
    "gan-r3": functools.partial(Gan, kind="relativistic", real=0.15, fake=0.15),
    "gan-non-saturating": functools.partial(Gan, kind="non-saturating", real=0.25),
    "gan-wgan-gp": functools.partial(Gan, kind="wasserstein", between=10.0, steps=3),
    "gan-book": BookGan,
    "gan-conditional": ConditionalGan,
    "infogan": InfoGan,
    "presgan": PresGan,
    "density-network": DensityNetwork,
}
