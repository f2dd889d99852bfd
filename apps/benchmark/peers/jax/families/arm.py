"""Three of the autoregressive models: causal convolutions, a GRU and a transformer."""

import math

import jax
import jax.numpy as jnp

from parts import conv, conv1d, dense, draw, drop, few_levels, layer_norm, leaky_relu, linear, norm, surprise, uniform


def shift_right(x):
    """`[n, d, channels]`, everything one place later, and a zero first."""
    return jnp.pad(x[:, :-1], ((0, 0), (1, 0), (0, 0)))


class Arm:
    """A model whose method `logits(weights, x, key)` gives `[n, d, values]` for integers `[n, d]`; without a key nothing is
    dropped."""

    def __init__(self, task):
        self.levels, self.shape, self.dims = few_levels(task), task.shape, math.prod(task.shape)
        self.quick = task.quick

    def one_hot(self, x):
        return jax.nn.one_hot(x.astype("int32"), self.levels)

    def loss(self, weights, x, key):
        x = x.reshape(len(x), -1)
        return surprise(self.logits(weights, x, key), x).mean()

    def sample(self, weights, key, n):
        def one(d, carry):
            x, key = carry
            key, now = jax.random.split(key)
            return x.at[:, d].set(draw(now, self.logits(weights, x, None)[:, d]).astype(x.dtype)), key

        x, _ = jax.lax.fori_loop(0, self.dims, one, (jnp.zeros((n, self.dims)), key))
        return x.reshape(n, *self.shape)


class ConvArm(Arm):
    SIZE = 7

    def init(self, key):
        hidden = 64 if self.quick else 256
        widths = (1, hidden, hidden, hidden, self.levels)
        return [conv(k, (self.SIZE,), i, o) for k, i, o in zip(jax.random.split(key, 4), widths, widths[1:])]

    def logits(self, weights, x, key):
        h = shift_right(x[..., None])
        for index, layer in enumerate(weights):
            h = conv1d(layer, h if index == 0 else leaky_relu(h), (self.SIZE - 1, 0))
        return h


class GruArm(Arm):
    def init(self, key):
        hidden = 32 if self.quick else 128
        a, b, c, d, e = jax.random.split(key, 5)
        return {
            "input": {"w": uniform(a, (self.levels, 3 * hidden), hidden), "b": uniform(b, (3 * hidden,), hidden)},
            "state": {"w": uniform(c, (hidden, 3 * hidden), hidden), "b": uniform(d, (3 * hidden,), hidden)},
            "output": dense(e, hidden, self.levels),
        }

    @staticmethod
    def cell(weights, state, visible):
        """`visible` is the input's part of the gates."""
        r, z, n = jnp.split(visible, 3, -1)
        hr, hz, hn = jnp.split(linear(weights["state"], state), 3, -1)
        reset, keep = jax.nn.sigmoid(r + hr), jax.nn.sigmoid(z + hz)
        return (1 - keep) * jnp.tanh(n + reset * hn) + keep * state

    def logits(self, weights, x, key):
        visible = linear(weights["input"], shift_right(self.one_hot(x))).transpose(1, 0, 2)
        start = jnp.zeros((len(x), weights["state"]["w"].shape[0]))

        def step(state, visible):
            state = self.cell(weights, state, visible)
            return state, state

        _, visited = jax.lax.scan(step, start, visible)
        return linear(weights["output"], drop(key, visited.transpose(1, 0, 2), 0.2))

    def sample(self, weights, key, n):
        def one(carry, key):
            state, last = carry
            state = self.cell(weights, state, linear(weights["input"], last))
            value = draw(key, linear(weights["output"], state))
            return (state, self.one_hot(value)), value

        start = jnp.zeros((n, weights["state"]["w"].shape[0])), jnp.zeros((n, self.levels))
        _, values = jax.lax.scan(one, start, jax.random.split(key, self.dims))
        return values.T.astype("float32").reshape(n, *self.shape)


class TransformerArm(Arm):
    HEADS = 4
    DROPOUT = 0.1

    def init(self, key):
        features, blocks = (32, 2) if self.quick else (64, 4)
        first, places, last, *keys = jax.random.split(key, 3 + blocks)
        return {
            "input": dense(first, self.levels, features),
            "positions": 0.02 * jax.random.normal(places, (self.dims, features)),
            "blocks": [self.block(k, features) for k in keys],
            "norm": norm(features),
            "output": dense(last, features, self.levels),
        }

    @staticmethod
    def block(key, features):
        a, b, c, d = jax.random.split(key, 4)
        bound = math.sqrt(6 / (4 * features))
        qkv = {"w": jax.random.uniform(a, (features, 3 * features), minval=-bound, maxval=bound)}
        out = {**dense(b, features, features), "b": jnp.zeros(features)}
        return {
            "norm1": norm(features),
            "qkv": {**qkv, "b": jnp.zeros(3 * features)},
            "out": out,
            "norm2": norm(features),
            "up": dense(c, features, 4 * features),
            "down": dense(d, 4 * features, features),
        }

    def attention(self, weights, x):
        n, length, features = x.shape
        size = features // self.HEADS
        q, k, v = jnp.moveaxis(linear(weights["qkv"], x).reshape(n, length, 3, self.HEADS, size), 2, 0)
        scores = jnp.einsum("nqhs,nkhs->nhqk", q, k) / math.sqrt(size)
        past = jnp.tril(jnp.ones((length, length), bool))
        shares = jax.nn.softmax(jnp.where(past, scores, -jnp.inf), -1)
        return linear(weights["out"], jnp.einsum("nhqk,nkhs->nqhs", shares, v).reshape(n, length, features))

    def logits(self, weights, x, key):
        keys = iter(jax.random.split(key, 1 + 2 * len(weights["blocks"])) if key is not None else ())
        dropped = lambda h: h if key is None else drop(next(keys), h, self.DROPOUT)
        h = dropped(linear(weights["input"], shift_right(self.one_hot(x))) + weights["positions"])
        for block in weights["blocks"]:
            h = h + dropped(self.attention(block, layer_norm(block["norm1"], h)))
            wide = jax.nn.gelu(linear(block["up"], layer_norm(block["norm2"], h)), approximate=False)
            h = h + dropped(linear(block["down"], wide))
        return linear(weights["output"], layer_norm(weights["norm"], h))


MODELS = {"arm-conv": ConvArm, "arm-gru": GruArm, "arm-transformer": TransformerArm}
