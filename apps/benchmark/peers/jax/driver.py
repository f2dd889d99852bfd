"""Times JAX models on the commands of `dgm-bench compare`: the protocol of ../pytorch/driver.py, but for training.

A training step is one call: the loss, its gradient, the optimizer and the moving average of the weights under `jax.jit`, with
buffers that are donated. Needs Python 3.10 and JAX 0.4 or later, and nothing else.

The models are in `families/`, one file per family with a table MODELS from names to functions of a `Task`. A model has

    init(key)                     its weights, a tree of arrays
    loss(weights, x, key)         the objective, mean over the examples
    sample(weights, key, n)       n new examples

and may have

    start(weights, x, key)        the weights, made to fit some data
    takes_labels                  whether x is a pair of examples and their classes
    state(key), prepare(weights, state, x, key)
                                  what goes on from step to step, and a pair of what `loss` takes for x, and the next state
    players                       for each player the name of its part of the weights, its loss, and at which steps it learns:
                                  1 for all of them, 3 for every third
"""

import dataclasses
import functools
import importlib.util
import json
import os
import pathlib
import platform
import queue
import resource
import sys
import threading
import time

# XLA's pool of threads follows the processors that the process may use.
THREADS = int(os.environ.get("NPROC", "0"))
if THREADS > 0 and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])

import jax
import jax.numpy as jnp
import numpy as np

# The generator that is the fastest on a processor.
jax.config.update("jax_default_prng_impl", "unsafe_rbg")

tree_map = jax.tree_util.tree_map


@dataclasses.dataclass(frozen=True)
class Task:
    """What a model is made for: the shape of an example, the number of values of an entry, how large to be."""

    shape: tuple
    levels: "int | None"
    quick: bool
    width: "int | None"


def discover():
    """The models of every file in `families/`, by name."""
    models = {}
    for file in sorted((pathlib.Path(__file__).parent / "families").glob("*.py")):
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        models.update(module.MODELS)
    return models


def read_train(data):
    """The training examples, float32 `[n, *shape]`, and their classes where they have some."""
    folder = pathlib.Path(data["folder"])
    x = np.fromfile(folder / "train.bin", data["dtype"]).astype("float32").reshape(-1, *data["shape"])
    labels = folder / "train.labels.bin"
    return x, np.fromfile(labels, "int32") if labels.exists() else None


def adam_like(second, beta1=0.9, beta2=0.999, decay=0.0):
    """Adam and its relatives: `second` says how the second moment follows the gradient, and what divides a step."""

    def init(weights):
        return {"m": tree_map(jnp.zeros_like, weights), "v": tree_map(jnp.zeros_like, weights), "t": jnp.zeros(())}

    def update(weights, gradients, state, rate):
        t = state["t"] + 1
        m = tree_map(lambda m, g: beta1 * m + (1 - beta1) * g, state["m"], gradients)
        v = tree_map(lambda v, g: second(v, g, beta2, t)[0], state["v"], gradients)
        size = rate / (1 - beta1**t)
        weights = tree_map(
            lambda w, m, v: w * (1 - rate * decay) - size * m / second(v, None, beta2, t)[1], weights, m, v
        )
        return weights, {"m": m, "v": v, "t": t}

    return init, update


def largest(v, g, beta2, t):
    return (v if g is None else jnp.maximum(beta2 * v, jnp.abs(g)), v + 1e-8)


def squares(v, g, beta2, t):
    return (v if g is None else beta2 * v + (1 - beta2) * g * g, jnp.sqrt(v / (1 - beta2**t)) + 1e-8)


OPTIMIZERS = {
    "adamax": functools.partial(adam_like, largest),
    "adam": functools.partial(adam_like, squares),
    "adamW": functools.partial(adam_like, squares, decay=0.01),
}


def clipped(gradients, most):
    """Gradients of all players' weights together with a norm of at most so much."""
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree_util.tree_leaves(gradients)))
    return tree_map(lambda g: g * jnp.minimum(1.0, most / (norm + 1e-6)), gradients)


def step_of(model, training):
    """A training step: from what goes on from step to step and a batch to the same, and the loss."""
    _, update = OPTIMIZERS[training["optimizer"]](**getattr(model, "optimizer_options", {}))
    rate, clip, decay = training["learningRate"], training.get("clipNorm"), training.get("emaDecay")
    players = getattr(model, "players", None) or [(None, model.loss, 1)]
    prepare = getattr(model, "prepare", None)

    def learn(player, loss, carry, x, key):
        weights, moments = carry["weights"], carry["moments"]
        own = weights if player is None else weights[player]
        whole = lambda own: own if player is None else {**weights, player: own}
        value, gradients = jax.value_and_grad(lambda own: loss(whole(own), x, key))(own)
        if clip is not None:
            gradients = clipped(gradients, clip)
        own, moved = update(own, gradients, moments[player or "all"], rate)
        return {**carry, "weights": whole(own), "moments": {**moments, player or "all": moved}}, value

    @functools.partial(jax.jit, donate_argnums=(0,))
    def step(carry, x):
        key, prepare_key, *keys = jax.random.split(carry["key"], 2 + len(players))
        carry = {**carry, "key": key, "step": carry["step"] + 1}
        if prepare is not None:
            x, state = prepare(carry["weights"], carry["state"], x, prepare_key)
            carry = {**carry, "state": state}
        value = None
        for (player, loss, every), key in zip(players, keys):
            taken = functools.partial(learn, player, loss, x=x, key=key)
            if every == 1:
                carry, own = taken(carry)
            else:
                idle = lambda carry: (carry, jnp.zeros(()))
                carry, own = jax.lax.cond(carry["step"] % every == 0, taken, idle, carry)
            value = own if value is None else value
        if decay is not None:
            average = tree_map(lambda a, w: decay * a + (1 - decay) * w, carry["average"], carry["weights"])
            carry = {**carry, "average": average}
        return carry, value

    return step


class Session:
    """The commands. Each method takes the fields of a request and gives those of the reply."""

    def __init__(self):
        self.models = discover()

    def about(self):
        return {
            "name": "jax",
            "version": jax.__version__,
            "language": f"Python {platform.python_version()}",
            "models": sorted(self.models),
        }

    def build(self, model, batch, threads, seed, quick, data, training, width=None, device="cpu"):
        if model not in self.models:
            raise LookupError(f"no JAX peer for the model {model}")
        if training["optimizer"] not in OPTIMIZERS:
            raise LookupError(f"no optimizer {training['optimizer']} on this side")
        self.model = self.models[model](Task(tuple(data["shape"]), data["levels"], quick, width))
        keys = jax.random.split(jax.random.PRNGKey(seed), 4)
        x, labels = read_train(data)
        order = np.random.default_rng(seed).permutation(len(x))
        rows = np.tile(order, -(-batch // len(order)))
        batches = [rows[at : at + batch] for at in range(0, len(rows) - batch + 1, batch)]
        takes_labels = getattr(self.model, "takes_labels", False)
        self.batches = [
            (jnp.asarray(x[part]), jnp.asarray(labels[part])) if takes_labels else jnp.asarray(x[part])
            for part in batches
        ]
        weights = self.model.init(keys[0])
        if hasattr(self.model, "start"):
            weights = self.model.start(weights, jnp.asarray(x), keys[1])
        # Each in a buffer of its own, which the first step takes over.
        weights = tree_map(jnp.copy, weights)
        init, _ = OPTIMIZERS[training["optimizer"]]()
        names = [name for name, _, _ in getattr(self.model, "players", None) or [(None, None, 1)]]
        self.carry = {
            "weights": weights,
            "moments": {name or "all": init(weights if name is None else weights[name]) for name in names},
            "key": keys[2],
            "step": jnp.zeros((), "int32"),
        }
        if training.get("emaDecay") is not None:
            self.carry["average"] = tree_map(jnp.copy, weights)
        if hasattr(self.model, "state"):
            self.carry["state"] = self.model.state(keys[3])
        self.step, self.taken, self.draws = step_of(self.model, training), 0, 0
        self.drawn_key = keys[3]
        self.sampler = jax.jit(self.model.sample, static_argnums=2)
        return {"parameters": sum(weight.size for weight in jax.tree_util.tree_leaves(weights))}

    def steps(self, n):
        """Takes `n` training steps, without the making of their batches."""
        started = time.perf_counter()
        for _ in range(n):
            self.carry, loss = self.step(self.carry, self.batches[self.taken % len(self.batches)])
            self.taken += 1
        jax.block_until_ready(self.carry)
        milliseconds = 1000 * (time.perf_counter() - started)
        return {"ms": milliseconds, "loss": float(loss)}

    def sample(self, n, times):
        """The times that it takes to draw `n` samples, once everything is warm."""
        milliseconds = []
        for _ in range(times + 1):
            started = time.perf_counter()
            self.draws += 1
            drawn = self.sampler(self.carry["weights"], jax.random.fold_in(self.drawn_key, self.draws), n)
            drawn.block_until_ready()
            milliseconds.append(1000 * (time.perf_counter() - started))
        return {"ms": milliseconds[1:], "shape": list(drawn.shape)}

    def memory(self):
        """The most memory that this process has held, in MiB."""
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return {"peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}


COMMANDS = ("about", "build", "steps", "sample", "memory")


def answer(session, line):
    request = json.loads(line)
    command = request.pop("cmd", None)
    if command not in COMMANDS:
        raise LookupError(f"no command {command}")
    return getattr(session, command)(**request)


def listen(lines):
    """Puts lines into a queue. When the input ends nobody waits for a reply: the program ends in the middle of its work."""
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def main():
    lines = queue.SimpleQueue()
    threading.Thread(target=listen, args=(lines,), daemon=True).start()
    session = Session()
    while True:
        line = lines.get()
        try:
            reply = answer(session, line)
        except Exception as error:  # Whatever it is, the other side wants to know and go on.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
