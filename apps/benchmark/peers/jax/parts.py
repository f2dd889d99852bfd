"""What the models of several families are made of. Weights are trees of arrays; layers are pairs of functions or plain functions
of them."""

import math

import jax
import jax.numpy as jnp

FEW_LEVELS = 32
LOG_2PI = math.log(2 * math.pi)


def few_levels(task):
    if task.levels is None or not 2 < task.levels <= FEW_LEVELS:
        raise ValueError("the JAX peer has a categorical likelihood: data of 3 to 32 values")
    return task.levels


def uniform(key, shape, fan_in):
    """PyTorch's initial weights, which ours are as well."""
    bound = fan_in**-0.5
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)


def dense(key, inputs, outputs):
    w, b = jax.random.split(key)
    return {"w": uniform(w, (inputs, outputs), inputs), "b": uniform(b, (outputs,), inputs)}


def linear(weights, x):
    return x @ weights["w"] + weights["b"]


def mlp(key, *sizes):
    return [dense(k, i, o) for k, i, o in zip(jax.random.split(key, len(sizes)), sizes, sizes[1:])]


def leaky_relu(x):
    return jax.nn.leaky_relu(x, 0.01)


def apply_mlp(layers, x, activation=leaky_relu):
    for layer in layers[:-1]:
        x = activation(linear(layer, x))
    return linear(layers[-1], x)


def norm(features):
    return {"scale": jnp.ones(features), "shift": jnp.zeros(features)}


def layer_norm(weights, x):
    mean = x.mean(-1, keepdims=True)
    variance = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * weights["scale"] + weights["shift"]


def drop(key, x, rate):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def surprise(logits, x):
    """Minus the log-probability of each example: logits `[n, d, values]`, integers `[n, d]`."""
    chosen = jnp.take_along_axis(logits, x.astype("int32")[..., None], -1)[..., 0]
    return (jax.nn.logsumexp(logits, -1) - chosen).sum(1)


def draw(key, logits):
    return jax.random.categorical(key, logits)


def draw_normal(key, mean, log_variance):
    return mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)


def conv(key, size, inputs, outputs):
    w, b = jax.random.split(key)
    fan_in = math.prod(size) * inputs
    return {"w": uniform(w, (*size, inputs, outputs), fan_in), "b": uniform(b, (outputs,), fan_in)}


def conv1d(weights, x, padding, dilation=1):
    """Of `[n, d, channels]`."""
    y = jax.lax.conv_general_dilated(
        x, weights["w"], (1,), [padding], rhs_dilation=(dilation,), dimension_numbers=("NWC", "WIO", "NWC")
    )
    return y + weights["b"]


def conv2d(weights, x):
    """Of `[n, height, width, channels]`, as large as what goes in."""
    y = jax.lax.conv_general_dilated(
        x, weights["w"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    return y + weights["b"]
