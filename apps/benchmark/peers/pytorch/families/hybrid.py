"""Models of labelled data, `x` a pair of examples and classes: a joint energy-based model, and a classifier on a flow's latents."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from families.flows import Idf
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
        hidden = 32 if task.quick else 256
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


class Rezero(nn.Module):
    """A network times a learned factor that starts at 0."""

    def __init__(self, network):
        super().__init__()
        self.network, self.scale = network, nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.scale * self.network(x)


class HybridIdf(nn.Module):
    """DGM Listings 5.1-5.2: -ln p(y|z) - 0.1 ln p(x), with the latents z of a flow of integers."""

    takes_labels = True

    def __init__(self, task):
        super().__init__()
        self.levels = few_levels(task)
        self.flow = Idf(task, parts=2)
        if task.quick:
            self.flow.networks = nn.ModuleList(
                nn.ModuleList(mlp(task.shape[0] - task.shape[0] // 2, 32, task.shape[0] // 2) for _ in range(1))
                for _ in self.flow.networks
            )
        self.flow.networks = nn.ModuleList(
            nn.ModuleList(map(Rezero, networks)) for networks in self.flow.networks
        )
        self.classifier = mlp(task.shape[0], 256, CLASSES)

    def loss(self, batch):
        x, labels = batch
        z = self.flow.encode(x)
        logits = self.classifier(z * (2 / (self.levels - 1)) - 1)
        return F.cross_entropy(logits, labels) + 0.1 * self.flow.nats_of(z).mean()

    def sample(self, n):
        return self.flow.sample(n)


MODELS = {"jem": Jem, "hybrid-idf": HybridIdf}
