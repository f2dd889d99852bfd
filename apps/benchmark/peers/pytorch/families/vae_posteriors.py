"""The VAEs of apps/benchmark/src/recipes/vae-posteriors.ts."""

import functools
import math

import torch
import torch.nn.functional as F
from torch import nn

from hypersphere import divergence_from_uniform, draw_uniform, draw_von_mises_fisher, uniform_quadrature
from parts import LOG_2PI, MaskedLinear, draw_normal, log_normal, mlp

LATENT, COMPONENTS, PSEUDO_INPUTS, REFLECTIONS = 16, 3, 64, 8
# Of the encoder's output, where a posterior is a flow with a context.
CONTEXT = 64


def network(*sizes, inputs=0.0, hidden):
    """Linear layers with dropout of what goes in, and of the units between them."""
    layers = [nn.Dropout(inputs)] if inputs > 0 else []
    for index, (before, after) in enumerate(zip(sizes, sizes[1:])):
        if index > 0:
            layers += [nn.LeakyReLU(0.01), nn.Dropout(hidden)]
        layers.append(nn.Linear(before, after))
    return nn.Sequential(*layers)


class LogisticMixture:
    """For each entry a mixture of three logistic distributions, discretized to the values 0 to `levels` - 1."""

    def __init__(self, levels, dims):
        self.levels, self.dims = levels, dims
        self.size = 3 * COMPONENTS * dims
        self.half = (levels - 1) / 2
        self.broad = math.log(levels / COMPONENTS / (2 * math.pi))
        self.centres = torch.arange(1, 2 * COMPONENTS, 2) / COMPONENTS - 1

    def split(self, rows):
        logits, offset, log_scale = rows.view(-1, 3, self.dims, COMPONENTS).unbind(1)
        return logits, self.half + self.half * (offset + self.centres), self.broad + log_scale

    def surprise(self, rows, x):
        logits, mean, log_scale = self.split(rows)
        inverse, x = torch.exp(-log_scale), x.unsqueeze(2)
        deviation = x - mean
        is_inner = (x > 0) & (x < self.levels - 1)
        upper = F.logsigmoid((deviation + 0.5) * inverse).masked_fill(x >= self.levels - 1, 0)
        lower = F.logsigmoid((0.5 - deviation) * inverse).masked_fill(x <= 0, 0)
        width = torch.log(-torch.expm1(-inverse)).masked_fill(~is_inner, 0)
        return -torch.logsumexp(logits.log_softmax(2) + upper + lower + width, 2).sum(1)

    def draw(self, rows):
        logits, mean, log_scale = self.split(rows)
        which = torch.multinomial(logits.reshape(-1, COMPONENTS).softmax(1), 1).view(*logits.shape[:2], 1)
        noise = torch.rand(which.shape).logit(1e-7)
        value = mean.gather(2, which) + torch.exp(log_scale.gather(2, which)) * noise
        return value.squeeze(2).round().clamp(0, self.levels - 1)


def standard_log_prob(z):
    return -0.5 * (z.square() + LOG_2PI).sum(1)


class Gaussian(nn.Module):
    """q(z|x), for rows of numbers of the encoder."""

    size = 2 * LATENT

    def __init__(self, task):
        super().__init__()

    def start(self, rows):
        return rows[:, : 2 * LATENT].chunk(2, 1)

    def forward(self, rows):
        """A draw for each row, and its log-density."""
        mean, log_variance = self.start(rows)
        start = draw_normal(mean, log_variance)
        z, log_det = self.move(start, rows)
        return z, log_normal(start, mean, log_variance) - log_det

    def move(self, z, rows):
        return z, 0

    def to_standard(self, rows):
        """A draw, and the divergence from the standard normal distribution: in closed form, for no volume changes."""
        mean, log_variance = self.start(rows)
        z, _ = self.move(draw_normal(mean, log_variance), rows)
        return z, 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)


class Householder(Gaussian):
    """Tomczak and Welling, 2016: the draws are reflected at hyperplanes."""

    size = (2 + REFLECTIONS) * LATENT

    def move(self, z, rows):
        for v in rows[:, 2 * LATENT :].view(-1, REFLECTIONS, LATENT).unbind(1):
            along = (v * z).sum(1, keepdim=True)
            z = z - v * (2 * along / (v.square().sum(1, keepdim=True) + 1e-20))
        return z, 0


class FlowPosterior(Gaussian):
    """A normal distribution out of the context, then layers `(z, context) -> (z, log_det)`."""

    size = CONTEXT

    def __init__(self, task, layers):
        super().__init__(task)
        self.first, self.layers = nn.Linear(CONTEXT, 2 * LATENT), nn.ModuleList(layers)

    def start(self, rows):
        return self.first(rows).chunk(2, 1)

    def move(self, z, rows):
        total = 0
        for layer in self.layers:
            z, log_det = layer(z, rows)
            total = total + log_det
        return z, total

    def to_standard(self, rows):
        z, log_prob = self(rows)
        return z, log_prob - standard_log_prob(z)


class RowParameters(nn.Module):
    """Learned numbers, to which a linear layer of the context adds."""

    def __init__(self, size, std):
        super().__init__()
        self.values = nn.Parameter(std * torch.randn(1, size))
        self.network = nn.Linear(CONTEXT, size)

    def forward(self, context):
        return self.values + self.network(context)


class SylvesterLayer(nn.Module):
    """van den Berg et al., 2018, with orthogonal columns by 20 steps of an iteration."""

    COLUMNS = 8

    def __init__(self):
        super().__init__()
        m = self.COLUMNS
        self.columns, self.triangles = RowParameters(LATENT * m, 1), RowParameters(2 * m * m + m, 0.5)

    def orthogonal(self, context):
        raw = self.columns(context)
        q = (raw / raw.norm(dim=1, keepdim=True)).view(-1, LATENT, self.COLUMNS)
        unit = torch.eye(self.COLUMNS)
        for _ in range(20):
            q = q @ (unit + 0.5 * (unit - q.transpose(1, 2) @ q))
        return q

    def triangle(self, values):
        square = values.view(-1, self.COLUMNS, self.COLUMNS)
        diagonal = 0.999 * square.diagonal(dim1=1, dim2=2).tanh()
        return square.triu(1) + diagonal.diag_embed(), diagonal

    def forward(self, z, context):
        m = self.COLUMNS
        raw, raw_tilde, b = self.triangles(context).split([m * m, m * m, m], 1)
        q, (r, diagonal), (r_tilde, diagonal_tilde) = (
            self.orthogonal(context),
            self.triangle(raw),
            self.triangle(raw_tilde),
        )
        h = (z.unsqueeze(1) @ q @ r_tilde.transpose(1, 2) + b.unsqueeze(1)).tanh()
        change = (h @ r.transpose(1, 2) @ q.transpose(1, 2)).squeeze(1)
        slopes = 1 - h.squeeze(1).square()
        return z + change, torch.log(1 + slopes * diagonal * diagonal_tilde).sum(1)


class IafLayer(nn.Module):
    """Kingma et al., 2016: an affine map of each variable, out of those before it and the context."""

    HIDDEN = 64

    def __init__(self, is_first):
        super().__init__()
        self.is_first = is_first
        seen = torch.cat([torch.arange(LATENT), torch.full((CONTEXT,), -1)])
        hidden = torch.arange(self.HIDDEN) % LATENT - 1
        outputs = torch.arange(LATENT).repeat_interleave(2) - 1
        self.input = MaskedLinear(hidden[:, None] >= seen[None, :])
        self.output = MaskedLinear(outputs[:, None] >= hidden[None, :])

    def forward(self, z, context):
        z = z if self.is_first else z.flip(1)
        parameters = self.output(self.input(torch.cat([z, context], 1)).relu())
        raw, shift = parameters.view(-1, LATENT, 2).unbind(2)
        log_scale = 3 * torch.tanh(raw / 3)
        return torch.exp(log_scale) * z + shift, log_scale.sum(1)


class VonMisesFisher(nn.Module):
    """Davidson et al., 2018: on the unit sphere, with a concentration of at least 1 beside the direction."""

    size = LATENT + 1

    def __init__(self, task):
        super().__init__()
        points, weights = uniform_quadrature(LATENT)
        self.register_buffer("points", points, persistent=False)
        self.register_buffer("weights", weights, persistent=False)

    def to_uniform(self, rows):
        """A draw, and the divergence from the uniform distribution, in closed form."""
        direction, kappa = F.normalize(rows[:, :LATENT], dim=1), 1 + F.softplus(rows[:, LATENT])
        z = draw_von_mises_fisher(direction, kappa)
        return z, divergence_from_uniform(kappa, self.points, self.weights)


def sylvester(task):
    return FlowPosterior(task, (SylvesterLayer() for _ in range(2 if task.quick else 4)))


def iaf(task):
    return FlowPosterior(task, (IafLayer(is_first=index == 0) for index in range(3)))


class Prior(nn.Module):
    """p(z): `log_prob(z)`, or where there is a closed form its own `against`; and `sample(n)`."""

    def __init__(self, vae, task):
        super().__init__()

    def against(self, posterior, rows):
        """A draw of the posterior for each row, and the divergence from the prior, or an estimate of it by the draw."""
        z, log_prob = posterior(rows)
        return z, log_prob - self.log_prob(z)


class Standard(Prior):
    def against(self, posterior, rows):
        return posterior.to_standard(rows)

    def sample(self, n):
        return torch.randn(n, LATENT)


class Uniform(Prior):
    """On the unit sphere."""

    def against(self, posterior, rows):
        return posterior.to_uniform(rows)

    def sample(self, n):
        return draw_uniform(n, LATENT)


class Vamp(Prior):
    def __init__(self, vae, task):
        super().__init__(vae, task)
        self.encode = vae.encode
        rows = torch.randperm(len(task.train))[:PSEUDO_INPUTS]
        self.inputs = nn.Parameter(task.train[rows].flatten(1).clone())
        self.logits = nn.Parameter(torch.zeros(len(rows)))

    def log_prob(self, z):
        of_each = log_normal(z.unsqueeze(1), *self.encode(self.inputs).chunk(2, 1))
        return torch.logsumexp(self.logits.log_softmax(0) + of_each, 1)

    def sample(self, n):
        mean, log_variance = self.encode(self.inputs).chunk(2, 1)
        which = torch.multinomial(self.logits.softmax(0), n, replacement=True)
        return draw_normal(mean[which], log_variance[which])


class Flow(Prior):
    """RealNVP of four couplings, which begins as the identity."""

    def __init__(self, vae, task):
        super().__init__(vae, task)
        half, units = LATENT // 2, 32 if task.quick else 128
        self.nets = nn.ModuleList(mlp(half, units, units, half) for _ in range(8))
        self.scales = nn.Parameter(torch.zeros(8))

    def coupling(self, index, kept):
        scale, shift = (self.scales[at] * self.nets[at](kept) for at in (2 * index, 2 * index + 1))
        return scale.tanh(), shift

    def log_prob(self, z):
        log_det = 0
        for index in reversed(range(4)):
            kept, moved = z.chunk(2, 1)
            scale, shift = self.coupling(index, kept)
            z = torch.cat([kept, (moved - shift) * torch.exp(-scale)], 1).flip(1)
            log_det = log_det - scale.sum(1)
        return log_det + standard_log_prob(z)

    def sample(self, n):
        z = torch.randn(n, LATENT)
        for index in range(4):
            kept, moved = z.flip(1).chunk(2, 1)
            scale, shift = self.coupling(index, kept)
            z = torch.cat([kept, torch.exp(scale) * moved + shift], 1)
        return z


class Vae(nn.Module):
    def __init__(self, task, posterior, prior):
        super().__init__()
        if task.levels is None or task.levels == 2:
            raise ValueError("the PyTorch peer has a logistic likelihood: data of 3 values or more")
        self.shape, self.dims = task.shape, math.prod(task.shape)
        self.unit = min(1, 16 / (task.levels - 1))
        hidden = task.width or (64 if task.quick else 256)
        self.posterior, self.likelihood = posterior(task), LogisticMixture(task.levels, self.dims)
        self.encoder = network(self.dims, hidden, hidden, self.posterior.size, inputs=0.2, hidden=0.2)
        self.decoder = network(LATENT, hidden, hidden, self.likelihood.size, hidden=0.1)
        self.prior = prior(self, task)

    def encode(self, x):
        return self.encoder(x * self.unit)

    def nats(self, x):
        x = x.flatten(1)
        z, divergence = self.prior.against(self.posterior, self.encode(x))
        return self.likelihood.surprise(self.decoder(z), x) + divergence

    def loss(self, x):
        return self.nats(x).mean()

    def sample(self, n):
        return self.likelihood.draw(self.decoder(self.prior.sample(n))).view(n, *self.shape)


MODELS = {
    f"vae-{name}": functools.partial(Vae, posterior=posterior, prior=prior)
    for name, posterior, prior in [
        ("gaussian-standard", Gaussian, Standard),
        ("gaussian-vamp", Gaussian, Vamp),
        ("gaussian-flow", Gaussian, Flow),
        ("householder-standard", Householder, Standard),
        ("householder-flow", Householder, Flow),
        ("sylvester-standard", sylvester, Standard),
        ("sylvester-flow", sylvester, Flow),
        ("iaf-standard", iaf, Standard),
        ("iaf-flow", iaf, Flow),
        ("von-mises-fisher-uniform", VonMisesFisher, Uniform),
    ]
}
