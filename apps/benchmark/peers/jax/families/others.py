"""A diffusion model, a joint energy-based model, and generative adversarial networks with penalties."""

import functools
import math

import jax
import jax.numpy as jnp

from parts import apply_mlp, draw, few_levels, mlp, surprise


def to_range(x, levels):
    """Integers as numbers from -1 to 1."""
    return x * (2 / (levels - 1)) - 1


class Ddgm:
    """DGM Listing 4.13: five levels of noise, and a network for each way back."""

    BETAS = (0.9,) * 5

    def __init__(self, task):
        if len(task.shape) != 1:
            raise ValueError("the JAX peer takes vectors")
        self.size, self.levels = task.shape[0], few_levels(task)
        self.narrow, self.wide = (16, 32) if task.quick else (256, 512)

    def init(self, key):
        *keys, last = jax.random.split(key, len(self.BETAS))
        narrow, wide = self.narrow, self.wide
        return {
            "reverse": [mlp(k, self.size, narrow, narrow, narrow, 2 * self.size) for k in keys],
            "decoder": mlp(last, self.size, wide, wide, wide, self.size * self.levels),
        }

    def decode(self, weights, z):
        return apply_mlp(weights["decoder"], z).reshape(-1, self.size, self.levels)

    def loss(self, weights, x, key):
        data, z = to_range(x, self.levels), []
        for beta, k in zip(self.BETAS, jax.random.split(key, len(self.BETAS))):
            before = z[-1] if z else data
            z.append(math.sqrt(1 - beta) * before + math.sqrt(beta) * jax.random.normal(k, x.shape))
        kept = [math.prod(1 - beta for beta in self.BETAS[: index + 1]) for index in range(len(self.BETAS))]
        nats = surprise(self.decode(weights, z[0]), x)
        nats = nats + 0.5 * (kept[-1] * jnp.square(data) + (1 - kept[-1]) - 1 - math.log(1 - kept[-1])).sum(1)
        for index, network in enumerate(weights["reverse"]):
            beta, total = self.BETAS[index + 1], kept[index + 1]
            of_data = math.sqrt(kept[index]) * beta / (1 - total)
            of_after = math.sqrt(1 - beta) * (1 - kept[index]) / (1 - total)
            variance = beta * (1 - kept[index]) / (1 - total)
            mean, log_variance = jnp.split(apply_mlp(network, z[index + 1]), 2, 1)
            squares = variance + jnp.square(of_data * data + of_after * z[index + 1] - mean)
            nats = nats + 0.5 * (squares * jnp.exp(-log_variance) - 1 + log_variance - math.log(variance)).sum(1)
        return nats.mean()

    def sample(self, weights, key, n):
        first, last, *keys = jax.random.split(key, 2 + len(weights["reverse"]))
        z = jax.random.normal(first, (n, self.size))
        for network, k in zip(reversed(weights["reverse"]), keys):
            mean, log_variance = jnp.split(apply_mlp(network, z), 2, 1)
            z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(k, mean.shape)
        return draw(last, self.decode(weights, z)).astype("float32")


class Jem:
    """A classifier that is an energy-based model as well, with persistent Langevin chains in a queue."""

    CLASSES = 10
    CHAINS, RESTART, STEPS, STEP_SIZE, TEMPERATURE = 2000, 0.05, 20, 0.02, 1 / 16
    takes_labels = True

    def __init__(self, task):
        if len(task.shape) != 1:
            raise ValueError("the JAX peer takes vectors")
        self.size, self.levels = task.shape[0], few_levels(task)
        self.hidden = 32 if task.quick else 256

    def init(self, key):
        return mlp(key, self.size, self.hidden, self.hidden, self.hidden, self.CLASSES)

    def state(self, key):
        return jax.random.uniform(key, (self.CHAINS, self.size), minval=-1, maxval=1)

    def energy(self, weights, x):
        return -jax.nn.logsumexp(apply_mlp(weights, x, jax.nn.swish), 1)

    def moved(self, weights, chains, key):
        noise = math.sqrt(2 * self.STEP_SIZE * self.TEMPERATURE)
        slope = jax.grad(lambda x: self.energy(weights, x).sum())

        def step(x, key):
            drift = x - self.STEP_SIZE * slope(x)
            return jnp.clip(drift + noise * jax.random.normal(key, x.shape), -1, 1), None

        return jax.lax.scan(step, chains, jax.random.split(key, self.STEPS))[0]

    def prepare(self, weights, state, x, key):
        examples, labels = x
        n = len(examples)
        a, b, c = jax.random.split(key, 3)
        fresh = jax.random.uniform(a, (n, self.size), minval=-1, maxval=1)
        chains = jnp.where(jax.random.uniform(b, (n, 1)) < self.RESTART, fresh, state[:n])
        chains = self.moved(weights, chains, c)
        batch = to_range(examples, self.levels), labels, jax.lax.stop_gradient(chains)
        return batch, jnp.concatenate([state[n:], chains])

    def loss(self, weights, batch, key):
        x, labels, negatives = batch
        logits = apply_mlp(weights, x, jax.nn.swish)
        data, model = -jax.nn.logsumexp(logits, 1), self.energy(weights, negatives)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1)
        penalty = 0.01 * (jnp.square(data).mean() + jnp.square(model).mean())
        return -chosen.mean() + data.mean() - model.mean() + penalty

    def sample(self, weights, key, n):
        a, b = jax.random.split(key)
        chains = self.moved(weights, jax.random.uniform(a, (n, self.size), minval=-1, maxval=1), b)
        return jnp.round((chains + 1) * ((self.levels - 1) / 2))


class Gan:
    LATENT = 16
    optimizer_options = {"beta1": 0.0, "beta2": 0.99}
    NOISE = 0.1

    def __init__(self, task, loss, steps=1):
        if task.levels is None or len(task.shape) != 1:
            raise ValueError("the JAX peer takes vectors of integers")
        self.size, self.levels, self.kind = task.shape[0], task.levels, loss
        self.hidden = task.width or (64 if task.quick else 256)
        self.players = [("critic", self.critic_loss, 1), ("generator", self.generator_loss, steps)]

    def init(self, key):
        a, b = jax.random.split(key)
        return {
            "generator": mlp(a, self.LATENT, self.hidden, self.hidden, self.size),
            "critic": mlp(b, self.size, self.hidden, self.hidden, 1),
        }

    def generate(self, weights, key, n):
        z = jax.random.normal(key, (n, self.LATENT))
        return jnp.tanh(apply_mlp(weights["generator"], z, self.activation))

    @staticmethod
    def activation(x):
        return jax.nn.leaky_relu(x, 0.2)

    def seen(self, weights, x, key):
        a, b, c = jax.random.split(key, 3)
        real, fake = to_range(x, self.levels), self.generate(weights, a, len(x))
        noisy = lambda x, key: x + self.NOISE * jax.random.normal(key, x.shape)
        return noisy(real, b), noisy(fake, c)

    def scores(self, weights, x):
        return apply_mlp(weights["critic"], x, self.activation)[:, 0]

    def slope(self, weights, x):
        return jax.grad(lambda x: self.scores(weights, x).sum())(x)

    def critic_loss(self, weights, x, key):
        a, b = jax.random.split(key)
        real, fake = jax.lax.stop_gradient(self.seen(weights, x, a))
        on_real, on_fake = self.scores(weights, real), self.scores(weights, fake)
        squares = lambda x: jnp.square(self.slope(weights, x)).sum(1).mean()
        if self.kind == "relativistic":
            return jax.nn.softplus(on_fake - on_real).mean() + 0.15 * (squares(real) + squares(fake))
        if self.kind == "non-saturating":
            loss = jax.nn.softplus(-on_real).mean() + jax.nn.softplus(on_fake).mean()
            return loss + 0.25 * squares(real)
        between = fake + jax.random.uniform(b, (len(x), 1)) * (real - fake)
        norms = jnp.sqrt(jnp.square(self.slope(weights, between)).sum(1) + 1e-12)
        return on_fake.mean() - on_real.mean() + 10 * jnp.square(norms - 1).mean()

    def generator_loss(self, weights, x, key):
        real, fake = self.seen(weights, x, key)
        on_fake = self.scores(weights, fake)
        if self.kind == "relativistic":
            return jax.nn.softplus(self.scores(weights, real) - on_fake).mean()
        return jax.nn.softplus(-on_fake).mean() if self.kind == "non-saturating" else -on_fake.mean()

    def sample(self, weights, key, n):
        x = self.generate(weights, key, n)
        return jnp.clip(jnp.floor((x + 1) * ((self.levels - 1) / 2) + 0.5), 0, self.levels - 1)


MODELS = {
    "ddgm": Ddgm,
    "jem": Jem,
    "gan-r3": functools.partial(Gan, loss="relativistic"),
    "gan-non-saturating": functools.partial(Gan, loss="non-saturating"),
    "gan-wgan-gp": functools.partial(Gan, loss="wasserstein", steps=3),
}
