"""A joint energy-based model of labelled data, and a restricted Boltzmann machine of bits."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from parts import few_levels, mlp

CLASSES = 10


class Jem(nn.Module):
    """A classifier that is an energy-based model as well, with persistent Langevin chains in a queue."""

    CHAINS, RESTART, STEPS, STEP_SIZE, TEMPERATURE = 2000, 0.05, 20, 0.02, 1 / 16
    takes_labels = True

    def __init__(self, task):
        super().__init__()
        if len(task.shape) != 1:
            raise ValueError("the PyTorch peer takes vectors")
        self.size, self.levels = task.shape[0], few_levels(task)
        hidden = task.width or (32 if task.quick else 256)
        self.network = mlp(self.size, hidden, hidden, hidden, CLASSES, activation=nn.SiLU)
        self.register_buffer("queue", 2 * torch.rand(self.CHAINS, self.size) - 1)

    def energy(self, x):
        return -self.network(x).logsumexp(1)

    def moved(self, chains):
        noise = math.sqrt(2 * self.STEP_SIZE * self.TEMPERATURE)
        with torch.enable_grad():
            for _ in range(self.STEPS):
                x = chains.detach().requires_grad_()
                (slope,) = torch.autograd.grad(self.energy(x).sum(), x)
                chains = (x.detach() - self.STEP_SIZE * slope + noise * torch.randn_like(x)).clamp(-1, 1)
        return chains

    def loss(self, batch):
        x, labels = batch
        logits = self.network(x * (2 / (self.levels - 1)) - 1)
        classification = F.cross_entropy(logits, labels)
        if not self.training:
            return classification
        n = len(x)
        fresh = 2 * torch.rand(n, self.size) - 1
        negatives = self.moved(torch.where(torch.rand(n, 1) < self.RESTART, fresh, self.queue[:n]))
        self.queue = torch.cat([self.queue[n:], negatives])
        data, model = -logits.logsumexp(1), self.energy(negatives)
        penalty = 0.01 * (data.square().mean() + model.square().mean())
        return classification + data.mean() - model.mean() + penalty

    def sample(self, n):
        chains = self.moved(self.queue[torch.randint(self.CHAINS, (n,))])
        return ((chains + 1) * ((self.levels - 1) / 2)).round()


class Rbm(nn.Module):
    """Bits that are learned by contrastive divergence with weight decay: of persistent chains, or without any of the examples."""

    WEIGHT_DECAY = 1e-4

    def __init__(self, task, hidden, steps, chains=100):
        super().__init__()
        if len(task.shape) != 1 or task.levels != 2:
            raise ValueError("the PyTorch peer takes vectors of bits")
        size, hidden = task.shape[0], 32 if task.quick else hidden
        self.steps = 2 if task.quick else steps
        ones = (task.train.sum(0) + 0.1) / (len(task.train) + 0.2)
        self.weights = nn.Parameter(0.01 * torch.randn(size, hidden))
        self.visible, self.hidden = nn.Parameter(torch.logit(ones)), nn.Parameter(torch.zeros(hidden))
        self.register_buffer("means", ones)
        self.register_buffer("chains", torch.bernoulli(ones.expand(chains, size)))

    def free_energy(self, x):
        return -(x @ self.visible) - F.softplus(x @ self.weights + self.hidden).sum(1)

    @torch.no_grad()
    def moved(self, x, steps):
        for _ in range(steps):
            h = torch.bernoulli(torch.sigmoid(torch.addmm(self.hidden, x, self.weights)))
            x = torch.bernoulli(torch.sigmoid(torch.addmm(self.visible, h, self.weights.T)))
        return x

    def loss(self, x):
        negatives = self.moved(self.chains if len(self.chains) > 0 else x, self.steps)
        if self.training and len(self.chains) > 0:
            self.chains = negatives
        penalty = 0.5 * self.WEIGHT_DECAY * self.weights.square().sum()
        return self.free_energy(x).mean() - self.free_energy(negatives).mean() + penalty

    def sample(self, n):
        return self.moved(torch.bernoulli(self.means.expand(n, -1)), 500)


MODELS = {
    "jem": Jem,
    "rbm": lambda task: Rbm(task, hidden=task.width or 200, steps=10),
    "rbm-cd25": lambda task: Rbm(task, hidden=500, steps=25, chains=0),
}
