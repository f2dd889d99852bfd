"""Float64 reference values of the tree-reweighted bound on ln Z of a triangle and of a square, by message passing with edge
appearance probabilities (Wainwright, Jaakkola and Willsky, 2005), written to tree-bound.json beside this file."""

import itertools
import json
from pathlib import Path

import numpy as np

random = np.random.default_rng(1)
VALUES = np.array([0.0, 1.0])


def case(size, edges, appearance):
    bias, weights = random.normal(size=size), 2 * random.normal(size=len(edges))
    weight = {}
    for (i, j), w in zip(edges, weights):
        weight[i, j] = weight[j, i] = w
    near = [[j for i, j in weight if i == unit] for unit in range(size)]
    own = [VALUES * b for b in bias]
    pair = {edge: np.outer(VALUES, VALUES) * w / appearance for edge, w in weight.items()}
    messages = {edge: np.zeros(2) for edge in weight}  # from the first to the second, logarithms

    def into(unit, but):
        """What a unit receives, reweighted, without the part of one neighbour."""
        total = own[unit] + sum(appearance * messages[other, unit] for other in near[unit] if other != but)
        return total - (1 - appearance) * messages[but, unit]

    for _ in range(5000):
        for s, t in list(messages):
            sums = np.logaddexp.reduce(pair[s, t] + into(s, t)[:, None], axis=0)
            new = sums - np.logaddexp.reduce(sums)
            messages[s, t] = 0.5 * messages[s, t] + 0.5 * new
    normalized = lambda log: np.exp(log - np.logaddexp.reduce(log.ravel()))
    units = [normalized(own[u] + sum(appearance * messages[v, u] for v in near[u])) for u in range(size)]
    bound = sum(q @ o - q @ np.log(q) for q, o in zip(units, own))
    for (i, j), w in zip(edges, weights):
        joint = normalized(pair[i, j] + into(i, j)[:, None] + into(j, i)[None])
        assert np.allclose(joint.sum(1), units[i], atol=1e-9) and np.allclose(joint.sum(0), units[j], atol=1e-9)
        information = (joint * np.log(joint / np.outer(units[i], units[j]))).sum()
        bound += w * joint[1, 1] - appearance * information
    states = np.array(list(itertools.product(VALUES, repeat=size)))
    exact = np.logaddexp.reduce(states @ bias + sum(w * states[:, i] * states[:, j] for (i, j), w in zip(edges, weights)))
    assert bound > exact
    return dict(bias=bias.tolist(), edges=edges, weights=weights.tolist(), exact=float(exact), bound=float(bound))


golden = dict(
    # Each edge is in as many spanning trees as any other.
    triangle=case(3, [[0, 1], [1, 2], [2, 0]], 2 / 3),
    square=case(4, [[0, 1], [1, 2], [2, 3], [3, 0]], 3 / 4),
)
Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
