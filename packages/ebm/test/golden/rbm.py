"""Float64 reference values of restricted and deep Boltzmann machines by sums over all states, written to rbm.json beside this file."""

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


def subspace_case(gates, size):
    """Gates h, `[M]`, and subspace units s, `[M, K]`: a state is `[M, 1 + K]`, the gate first (DGM Eq. 6.44)."""
    width = gates * size
    weights, visible, columns, gate = (
        random.normal(size=(VISIBLE, width)),
        random.normal(size=VISIBLE),
        random.normal(size=width),
        random.normal(size=gates),
    )
    x = states(2, VISIBLE)
    state = states(2, gates * (1 + size)).reshape(-1, gates, 1 + size)
    h, s = state[:, :, 0], state[:, :, 1:]
    code = (h[:, :, None] * s).reshape(len(state), width)
    energies = -(x @ visible)[:, None] - (h @ gate)[None] - (code @ columns)[None] - x @ weights @ code.T
    log_partition = log_sum_exp(-energies)
    joint = np.exp(-energies - log_partition)

    def given(mask, values):
        """The mean of values over the joint distribution, restricted to where mask holds."""
        weight = joint * mask
        return (weight * values).sum() / weight.sum()

    rows = [3, 12, 21, 30]
    free = np.array([-log_sum_exp(-energies[row]) for row in rows])
    posterior = np.exp(-energies[rows] + free[:, None])
    # Of the mean of -ln p(x) over the rows.
    gradients = dict(
        weights=(x.T @ joint @ code - x[rows].T @ posterior @ code / len(rows)).tolist(),
        visibleBias=(x.T @ joint.sum(1) - x[rows].mean(0)).tolist(),
        hiddenBias=(joint.sum(0) @ code - (posterior @ code).mean(0)).tolist(),
        gateBias=(joint.sum(0) @ h - (posterior @ h).mean(0)).tolist(),
    )
    some = [1, 22, 47, 63]
    row_is = lambda row: (np.arange(len(x)) == row)[:, None]
    return dict(
        weights=weights.tolist(),
        visibleBias=visible.tolist(),
        hiddenBias=columns.tolist(),
        gateBias=gate.tolist(),
        x=x[rows].tolist(),
        states=state[some].tolist(),
        energy=free.tolist(),
        jointEnergy=[energies[row, index] for row, index in zip(rows, some)],
        logPartition=log_partition,
        gateMeans=[[given(row_is(row), h[None, :, j]) for j in range(gates)] for row in rows],
        # Of the subspace units given x and open gates.
        subspaceMeans=[
            [given(row_is(row) & (h[None, :, j] == 1), s[None, :, j, k]) for j in range(gates) for k in range(size)]
            for row in rows
        ],
        visibleMeans=[
            [given((np.arange(len(state)) == index)[None], x[:, i, None]) for i in range(VISIBLE)] for index in some
        ],
        gradients=gradients,
    )


def deep_case(first, second):
    """Two layers of hidden bits by sums over all states, and mean field by many updates from the biases."""
    w1, w2 = random.normal(size=(VISIBLE, first)), random.normal(size=(first, second))
    b, c1, c2 = random.normal(size=VISIBLE), random.normal(size=first), random.normal(size=second)
    x, h1, h2 = states(2, VISIBLE), states(2, first), states(2, second)
    energies = (
        -(x @ b)[:, None, None]
        - (h1 @ c1)[None, :, None]
        - (h2 @ c2)[None, None, :]
        - (x @ w1 @ h1.T)[:, :, None]
        - (h1 @ w2 @ h2.T)[None]
    )
    log_partition = log_sum_exp(-energies)
    rows = [3, 12, 21, 30]
    free = [-log_sum_exp(-energies[row]) for row in rows]
    sigmoid = lambda f: 1 / (1 + np.exp(-f))
    entropy = lambda q: -(q * np.log(q) + (1 - q) * np.log(1 - q)).sum(1)
    q2 = np.tile(sigmoid(c2), (len(rows), 1))
    for _ in range(500):
        q1 = sigmoid(c1 + x[rows] @ w1 + q2 @ w2.T)
        q2 = sigmoid(c2 + q1 @ w2)
    bound = -(x[rows] @ b + q1 @ c1 + q2 @ c2 + (x[rows] @ w1 * q1).sum(1) + (q1 @ w2 * q2).sum(1))
    bound -= entropy(q1) + entropy(q2)
    return dict(
        firstWeights=w1.tolist(),
        secondWeights=w2.tolist(),
        visibleBias=b.tolist(),
        firstBias=c1.tolist(),
        secondBias=c2.tolist(),
        x=x[rows].tolist(),
        energy=free,
        meanFieldEnergy=bound.tolist(),
        meanField=[q1.tolist(), q2.tolist()],
        # With the states of the hidden layers that are counted by these numbers.
        states=[h1[[0, 3, 5, 6]].tolist(), h2[[1, 2, 3, 0]].tolist()],
        jointEnergy=[energies[row, i, j] for row, i, j in zip(rows, [0, 3, 5, 6], [1, 2, 3, 0])],
        logPartition=log_partition,
        visibleMeans=(np.exp(-energies - log_partition).sum((1, 2)) @ x).tolist(),
    )


zero = lambda t: np.zeros(len(t))
golden = dict(
    bernoulli=case(lambda x: x, zero, states(2, VISIBLE)),
    categorical=case(one_hot, zero, states(LEVELS, VISIBLE)),
    gaussian=case(lambda x: x, lambda t: 0.5 * (t**2).sum(1), None),
    subspace=subspace_case(2, 2),
    deep=deep_case(3, 2),
)
Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
