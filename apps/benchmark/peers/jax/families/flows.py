"""Two flows: RealNVP of vectors, and Glow of images, `[n, height, width, channels]`."""

import math

import jax
import jax.numpy as jnp

from parts import LOG_2PI, apply_mlp, conv, conv2d, drop, mlp

COUPLINGS = 8
FIRST_ROWS = 500
MARGIN = 0.05
MAX_LOG_SCALE = 2


class RealNvp:
    """Affine couplings of halves, each followed by a reversal, behind noise on [0, 1)."""

    def __init__(self, task):
        if task.levels is None or len(task.shape) != 1:
            raise ValueError("the JAX peer takes vectors of integers")
        self.dims, self.levels = task.shape[0], task.levels
        self.kept = (self.dims + 1) // 2
        self.units = task.width or (32 if task.quick else 256)

    def init(self, key):
        sizes = self.kept, self.units, self.units, self.dims - self.kept
        keys = jax.random.split(key, 2 * COUPLINGS)
        networks = [mlp(k, *sizes) for k in keys]
        return {"log_scales": networks[:COUPLINGS], "shifts": networks[COUPLINGS:]}

    def loss(self, weights, x, key):
        z, log_det = x + jax.random.uniform(key, x.shape), 0.0
        for log_scale, shift in zip(weights["log_scales"], weights["shifts"]):
            a, b = z[:, : self.kept], z[:, self.kept :]
            s = jnp.tanh(apply_mlp(log_scale, a))
            z = jnp.concatenate([a, (b - apply_mlp(shift, a)) * jnp.exp(-s)], 1)[:, ::-1]
            log_det = log_det - s.sum(1)
        return (0.5 * (jnp.square(z) + LOG_2PI).sum(1) - log_det).mean()

    def sample(self, weights, key, n):
        y = jax.random.normal(key, (n, self.dims))
        for log_scale, shift in zip(reversed(weights["log_scales"]), reversed(weights["shifts"])):
            y = y[:, ::-1]
            a, b = y[:, : self.kept], y[:, self.kept :]
            y = jnp.concatenate([a, jnp.exp(jnp.tanh(apply_mlp(log_scale, a))) * b + apply_mlp(shift, a)], 1)
        return jnp.clip(jnp.floor(y), 0, self.levels - 1)


def squeeze(x):
    n, height, width, channels = x.shape
    squares = x.reshape(n, height // 2, 2, width // 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
    return squares.reshape(n, height // 2, width // 2, 4 * channels)


def unsqueeze(x):
    n, height, width, channels = x.shape
    squares = x.reshape(n, height, width, 2, 2, channels // 4).transpose(0, 1, 3, 2, 4, 5)
    return squares.reshape(n, 2 * height, 2 * width, channels // 4)


def conditioner(key, inputs, outputs, hidden):
    a, b = jax.random.split(key)
    last = {"w": jnp.zeros((3, 3, hidden, outputs)), "b": jnp.zeros(outputs)}
    return [conv(a, (3, 3), inputs, hidden), conv(b, (1, 1), hidden, hidden), last]


def condition(weights, x, dropout, key):
    h = jax.nn.relu(conv2d(weights[1], jax.nn.relu(conv2d(weights[0], x))))
    return conv2d(weights[2], h if key is None or dropout == 0 else drop(key, h, dropout))


def sums(x):
    return x.reshape(len(x), -1).sum(1)


class Glow:
    """Squeeze, steps of normalization, mixing and coupling, factoring-out; behind noise on [0, 1) and a logit."""

    def __init__(self, task):
        side = math.isqrt(math.prod(task.shape))
        if task.levels is None or len(task.shape) != 1 or side * side != task.shape[0] or side % 4 != 0:
            raise ValueError("the JAX peer takes flat square images of integers")
        self.shape, self.side, self.levels = task.shape, side, task.levels
        self.steps, self.dropout = (1, 0) if task.quick else (4, 0.3)
        self.hidden = task.width or (8 if task.quick else 32)

    def init(self, key):
        channels, scales, dropped = 1, [], []
        for scale in range(2):
            channels *= 4
            key, *keys = jax.random.split(key, 2 + 2 * self.steps)
            scales.append([self.step(a, b, channels) for a, b in zip(keys[::2], keys[1::2])])
            if scale == 0:
                channels //= 2
                key, own = jax.random.split(key)
                dropped.append(conditioner(own, channels, 2 * channels, self.hidden))
        self.last = self.side // 4, self.side // 4, channels
        # Permutations are no weights.
        rng = jax.random.split(jax.random.PRNGKey(1), 2 * self.steps)
        self.permutations = [
            [jnp.eye(4 if scale == 0 else 8)[jax.random.permutation(rng[scale * self.steps + step], 4 if scale == 0 else 8)] for step in range(self.steps)]
            for scale in range(2)
        ]
        return {"scales": scales, "dropped": dropped}

    def step(self, a, b, channels):
        zeros = jnp.zeros(channels)
        return {
            "norm": {"shift": zeros, "log_scale": zeros},
            "mixing": {
                "lower": jnp.zeros((channels, channels)),
                "upper": jnp.zeros((channels, channels)),
                "log_scale": zeros,
                "shift": zeros,
            },
            "coupling": conditioner(a, (channels + 1) // 2, 2 * (channels // 2), self.hidden),
        }

    def start(self, weights, x, key):
        """ActNorm begins with the statistics of some rows."""
        scales = [[dict(step) for step in steps] for steps in weights["scales"]]
        self.nats({**weights, "scales": scales}, x[:FIRST_ROWS], key, starting=True)
        return {**weights, "scales": scales}

    def matrix(self, weights, scale, index):
        lower = jnp.tril(weights["lower"], -1) + jnp.eye(len(weights["shift"]))
        upper = jnp.triu(weights["upper"], 1) + jnp.diag(jnp.exp(weights["log_scale"]))
        return self.permutations[scale][index] @ lower @ upper

    def parameters_of(self, weights, kept, key):
        raw, shift = jnp.split(condition(weights, kept, self.dropout, key), 2, 3)
        return MAX_LOG_SCALE * jnp.tanh(raw / MAX_LOG_SCALE), shift

    def nats(self, weights, x, key, starting=False):
        noise, key = jax.random.split(key)
        share = MARGIN + (1 - 2 * MARGIN) / self.levels * (x + jax.random.uniform(noise, x.shape))
        log_prob = sums(math.log((1 - 2 * MARGIN) / self.levels) - jnp.log(share) - jnp.log1p(-share))
        z = (jnp.log(share) - jnp.log1p(-share)).reshape(-1, self.side, self.side, 1)
        for scale, steps in enumerate(weights["scales"]):
            z = squeeze(z)
            pixels = z.shape[1] * z.shape[2]
            for index, step in enumerate(steps):
                if starting:
                    mean, std = z.mean((0, 1, 2)), z.std((0, 1, 2))
                    step["norm"] = {"shift": -mean, "log_scale": -jnp.log(std + 1e-6)}
                z = jnp.exp(step["norm"]["log_scale"]) * (z + step["norm"]["shift"])
                z = z @ self.matrix(step["mixing"], scale, index).T + step["mixing"]["shift"]
                log_prob = log_prob + pixels * (step["norm"]["log_scale"].sum() + step["mixing"]["log_scale"].sum())
                a, b = jnp.split(z, [(z.shape[3] + 1) // 2], 3)
                key, own = jax.random.split(key)
                log_scale, shift = self.parameters_of(step["coupling"], a, own)
                z = jnp.concatenate([a, (b - shift) * jnp.exp(-log_scale)], 3)
                log_prob = log_prob - sums(log_scale)
            if scale == 0:
                z, stopped = jnp.split(z, 2, 3)
                key, own = jax.random.split(key)
                mean, log_variance = jnp.split(condition(weights["dropped"][0], z, self.dropout, own), 2, 3)
                squares = jnp.square(stopped - mean) * jnp.exp(-log_variance)
                log_prob = log_prob - 0.5 * sums(squares + log_variance + LOG_2PI)
        return 0.5 * sums(jnp.square(z) + LOG_2PI) - log_prob

    def loss(self, weights, x, key):
        return self.nats(weights, x, key).mean()

    def sample(self, weights, key, n):
        key, first, second = jax.random.split(key, 3)
        z = jax.random.normal(first, (n, *self.last))
        for scale in (1, 0):
            if scale == 0:
                mean, log_variance = jnp.split(condition(weights["dropped"][0], z, 0, None), 2, 3)
                stopped = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(second, mean.shape)
                z = jnp.concatenate([z, stopped], 3)
            for index, step in reversed(list(enumerate(weights["scales"][scale]))):
                a, b = jnp.split(z, [(z.shape[3] + 1) // 2], 3)
                log_scale, shift = self.parameters_of(step["coupling"], a, None)
                z = jnp.concatenate([a, b * jnp.exp(log_scale) + shift], 3)
                inverse = jnp.linalg.inv(self.matrix(step["mixing"], scale, index))
                z = (z - step["mixing"]["shift"]) @ inverse.T
                z = z * jnp.exp(-step["norm"]["log_scale"]) - step["norm"]["shift"]
            z = unsqueeze(z)
        share = (jax.nn.sigmoid(z) - MARGIN) / (1 - 2 * MARGIN)
        return jnp.clip(jnp.floor(share * self.levels), 0, self.levels - 1).reshape(n, *self.shape)


MODELS = {"real-nvp": RealNvp, "glow": Glow}
