"""The variational auto-encoder, and one with two levels of latent variables, top-down."""

import math

import jax
import jax.numpy as jnp

from parts import apply_mlp, draw, draw_normal, few_levels, layer_norm, leaky_relu, linear, mlp, norm, surprise

LATENT = 16
LOWER, UPPER = 16, 8


class Vae:
    def __init__(self, task):
        self.levels, self.shape, self.dims = few_levels(task), task.shape, math.prod(task.shape)
        self.hidden = task.width or (64 if task.quick else 256)

    def init(self, key):
        a, b = jax.random.split(key)
        return {
            "encoder": mlp(a, self.dims, self.hidden, self.hidden, 2 * LATENT),
            "decoder": mlp(b, LATENT, self.hidden, self.hidden, self.dims * self.levels),
        }

    def decode(self, weights, z):
        return apply_mlp(weights["decoder"], z).reshape(-1, self.dims, self.levels)

    def loss(self, weights, x, key):
        x = x.reshape(len(x), -1)
        mean, log_variance = jnp.split(apply_mlp(weights["encoder"], x), 2, 1)
        logits = self.decode(weights, draw_normal(key, mean, log_variance))
        divergence = 0.5 * (jnp.square(mean) + jnp.exp(log_variance) - log_variance - 1)
        return (surprise(logits, x) + divergence.sum(1)).mean()

    def sample(self, weights, key, n):
        a, b = jax.random.split(key)
        logits = self.decode(weights, jax.random.normal(a, (n, LATENT)))
        return draw(b, logits).astype("float32").reshape(n, *self.shape)


def quick_gelu(x):
    return x * jax.nn.sigmoid(1.702 * x)


def network(key, *sizes):
    """Linear layers with an activation and a norm between them."""
    layers = mlp(key, *sizes)
    return {"layers": layers, "norms": [norm(size) for size in sizes[1:-1]]}


def apply_network(weights, x, last=lambda y: y):
    for layer, scale in zip(weights["layers"], weights["norms"]):
        x = layer_norm(scale, quick_gelu(linear(layer, x)))
    return last(linear(weights["layers"][-1], x))


def divergence(mean, log_variance, prior_mean, prior_log_variance):
    """Of two normal distributions with independent variables."""
    log_ratio = log_variance - prior_log_variance
    squares = jnp.square(mean - prior_mean) * jnp.exp(-prior_log_variance)
    return 0.5 * (squares + jnp.exp(log_ratio) - log_ratio - 1).sum(1)


class TopDown:
    """p(x|z1) p(z1|z2) p(z2), where z1's posterior is its prior moved by what comes up from x."""

    def __init__(self, task):
        self.levels, self.shape, self.dims = few_levels(task), task.shape, math.prod(task.shape)
        self.hidden = task.width or (64 if task.quick else 256)

    def init(self, key):
        hidden, keys = self.hidden, jax.random.split(key, 6)
        return {
            "prior": network(keys[0], UPPER, hidden, 2 * LOWER),
            "decoder": network(keys[1], LOWER, hidden, hidden, self.dims * self.levels),
            "up1": network(keys[2], self.dims, hidden, hidden),
            "up2": network(keys[3], hidden, hidden, hidden),
            "evidence1": network(keys[4], hidden, hidden, 2 * LOWER),
            "evidence2": network(keys[5], hidden, hidden, 2 * UPPER),
        }

    def decode(self, weights, z):
        return apply_network(weights["decoder"], z).reshape(-1, self.dims, self.levels)

    def loss(self, weights, x, key):
        x, (a, b) = x.reshape(len(x), -1), jax.random.split(key)
        bounded = lambda y: (y[:, : y.shape[1] // 2], jnp.clip(y[:, y.shape[1] // 2 :], -7, 2))
        r1 = apply_network(weights["up1"], x, lambda y: jax.nn.gelu(y, approximate=False))
        r2 = apply_network(weights["up2"], r1, leaky_relu)
        top = bounded(apply_network(weights["evidence2"], r2))
        evidence = bounded(apply_network(weights["evidence1"], r1))
        z2 = draw_normal(a, *top)
        prior = jnp.split(apply_network(weights["prior"], z2), 2, 1)
        posterior = prior[0] + evidence[0], prior[1] + evidence[1]
        regularizer = divergence(*posterior, *prior) + divergence(*top, 0.0, 0.0)
        logits = self.decode(weights, draw_normal(b, *posterior))
        return (surprise(logits, x) + regularizer).mean()

    def sample(self, weights, key, n):
        a, b, c = jax.random.split(key, 3)
        prior = jnp.split(apply_network(weights["prior"], jax.random.normal(a, (n, UPPER))), 2, 1)
        logits = self.decode(weights, draw_normal(b, *prior))
        return draw(c, logits).astype("float32").reshape(n, *self.shape)


MODELS = {"vae": Vae, "vae-top-down": TopDown}
