"""Discrepancies of two sets of points and their gradients in float64 with NumPy and SciPy. Writes discrepancies.json beside itself.

The gradients are central differences. Run: python discrepancies.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

rng = np.random.default_rng(0)
X = rng.normal(size=(6, 2)).astype(np.float32).astype(np.float64)
Y = (rng.normal(size=(6, 2)) * 0.7 + 0.5).astype(np.float32).astype(np.float64)


def costs(x, y):
    return ((x[:, None] - y[None]) ** 2).sum(-1)


def transport(x, y, epsilon):
    """Entropic optimal transport by scaling the rows and columns of the kernel: its primal value."""
    c, n = costs(x, y), len(x)
    kernel = np.exp(-c / epsilon) / n
    u, v = np.ones(n), np.ones(n)
    for _ in range(500):
        u = 1 / (kernel @ v)
        v = 1 / (kernel.T @ u)
    plan = u[:, None] * kernel * v[None] / n
    kl = (plan * np.log(plan * n**2)).sum() - plan.sum() + 1
    return (plan * c).sum() + epsilon * kl


def sinkhorn(epsilon):
    return lambda x, y: transport(x, y, epsilon) - 0.5 * (transport(x, x, epsilon) + transport(y, y, epsilon))


def assignment(x, y):
    """The squared 2-Wasserstein distance, exactly."""
    c = costs(x, y)
    return c[linear_sum_assignment(c)].mean()


def sliced(x, y, count=2_000):
    """The average over evenly spaced directions of the plane."""
    angle = (np.arange(count) + 0.5) * np.pi / count
    theta = np.stack([np.cos(angle), np.sin(angle)])
    return ((np.sort(x @ theta, axis=0) - np.sort(y @ theta, axis=0)) ** 2).mean()


def gradient(function, h=1e-5):
    result = np.zeros_like(X)
    for index in np.ndindex(*X.shape):
        step = np.zeros_like(X)
        step[index] = h
        result[index] = (function(X + step, Y) - function(X - step, Y)) / (2 * h)
    return result


def case(function):
    return {"value": float(function(X, Y)), "gradient": gradient(function).tolist()}


result = {
    "x": X.tolist(),
    "y": Y.tolist(),
    "sinkhorn": [{"regularization": e, **case(sinkhorn(e))} for e in (1.0, 5.0)],
    "wasserstein": float(assignment(X, Y)),
    "sliced": case(sliced),
}
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(result, indent=1) + "\n")
