"""Float64 reference values of restricted Boltzmann machines by sums over all states, written to rbm.json beside this file."""

import itertools
import json
from pathlib import Path

import numpy as np

VISIBLE, HIDDEN, LEVELS = 5, 4, 3
random = np.random.default_rng(0)


def states(values, units):
    return np.array(list(itertools.product(range(values), repeat=units)), float)


def log_sum_exp(x):
    top = x.max()
    return top + np.log(np.exp(x - top).sum())


def one_hot(x):
    return (x[..., None] == np.arange(LEVELS)).astype(float).reshape(*x.shape[:-1], -1)


def joint_energies(t, h, parameters, base):
    """E(x, h), rows of x by rows of h."""
    weights, visible, hidden = parameters
    return base(t)[:, None] - (t @ visible)[:, None] - (h @ hidden)[None] - t @ weights @ h.T


def case(statistics, base, every_x):
    size = statistics(np.zeros((1, VISIBLE))).shape[1]
    parameters = (
        random.normal(size=(size, HIDDEN)),
        random.normal(size=size),
        random.normal(size=HIDDEN),
    )
    h = states(2, HIDDEN)
    x = every_x[random.permutation(len(every_x))[:6]] if every_x is not None else random.normal(size=(6, VISIBLE))
    energies = joint_energies(statistics(x), h, parameters, base)
    free = np.array([-log_sum_exp(-row) for row in energies])
    posterior = np.exp(-energies + free[:, None]) @ h
    result = dict(
        weights=parameters[0].tolist(),
        visibleBias=parameters[1].tolist(),
        hiddenBias=parameters[2].tolist(),
        x=x.tolist(),
        energy=free.tolist(),
        jointEnergy=energies[:, -1].tolist(),
        hiddenMeans=posterior.tolist(),
    )
    if every_x is None:
        # The integral over x given h is that of a normal density.
        fields = parameters[1] + h @ parameters[0].T
        result["logPartition"] = log_sum_exp(
            h @ parameters[2] + 0.5 * (fields**2).sum(1) + 0.5 * VISIBLE * np.log(2 * np.pi)
        )
        return result
    everything = joint_energies(statistics(every_x), h, parameters, base)
    log_partition = log_sum_exp(-everything)
    joint = np.exp(-everything - log_partition)
    t = statistics(every_x)
    data_t = statistics(x)
    result["logPartition"] = log_partition
    # Of the mean of -ln p(x) over the six examples.
    result["gradients"] = dict(
        weights=(t.T @ joint @ h - data_t.T @ posterior / len(x)).tolist(),
        visibleBias=(t.T @ joint.sum(1) - data_t.mean(0)).tolist(),
        hiddenBias=(joint.sum(0) @ h - posterior.mean(0)).tolist(),
    )
    return result


zero = lambda t: np.zeros(len(t))
golden = dict(
    bernoulli=case(lambda x: x, zero, states(2, VISIBLE)),
    categorical=case(one_hot, zero, states(LEVELS, VISIBLE)),
    gaussian=case(lambda x: x, lambda t: 0.5 * (t**2).sum(1), None),
)
Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
