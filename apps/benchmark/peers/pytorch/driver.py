"""Trains PyTorch models on the commands of `dgm-bench compare`.

One JSON object per line comes in on standard input, one per line goes out on standard output: the reply, or
{"error": "..."}. Needs Python 3.9 and PyTorch 1.13 or later, and nothing else.

The argument is the mode: `eager`; `fused`, with the optimizer as one kernel; or `compile`, where the loss is compiled, and the
optimizer is one kernel where PyTorch has it.

The models are in `families/`, one file per family with a table MODELS from names to functions of a `Task`. A model is a
torch.nn.Module with

    loss(x)    the objective, mean over the examples, in nats where it is a likelihood
    nats(x)    minus the log-likelihood of each example, or a bound on it; absent where there is neither
    sample(n)  n new examples

and may have

    players()           for each of several players its loss, a function of x, its weights, and at which steps it learns: 1 for
                        all of them, 3 for every third
    takes_labels        whether x is a pair of examples and their classes
    optimizer_options   what the optimizer is given besides its rate
    player_options      what the optimizer of a player is given instead, by the player's index
"""

import contextlib
import copy
import dataclasses
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

import torch


@dataclasses.dataclass(frozen=True)
class Task:
    """What a model is made for: the shape of an example, the number of values of an entry, how large to be, and the rows
    to learn, `[n, *shape]`, for models that begin with some of them."""

    shape: tuple
    levels: "int | None"
    quick: bool
    width: "int | None"
    train: torch.Tensor


OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "adamW": torch.optim.AdamW,
    "adamax": torch.optim.Adamax,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
# Of drawing samples: to be warm makes no difference then.
SLOW_MS = 5000
FUSED = ("adam", "adamW", "sgd")
DTYPES = {"uint8": torch.uint8, "float32": torch.float32}


def discover():
    """The models of every file in `families/`, by name."""
    models = {}
    for file in sorted((pathlib.Path(__file__).parent / "families").glob("*.py")):
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        models.update(module.MODELS)
    return models


def read_part(data, part):
    """The examples of one part of the data set, float32 `[n, *shape]`."""
    content = bytearray((pathlib.Path(data["folder"]) / f"{part}.bin").read_bytes())
    shape = [data[part], *data["shape"]]
    if data[part] == 0:
        return torch.empty(shape)
    return torch.frombuffer(content, dtype=DTYPES[data["dtype"]]).reshape(shape).float()


def read_labels(data, part):
    """The classes of the examples, int64 `[n]`; None where they have none."""
    file = pathlib.Path(data["folder"]) / f"{part}.labels.bin"
    if not file.exists() or data[part] == 0:
        return None
    return torch.frombuffer(bytearray(file.read_bytes()), dtype=torch.int32).long()


class Average:
    """A moving average of a model's weights; without a decay it is the weights themselves."""

    def __init__(self, model, decay):
        self.decay = decay
        self.weights = list(model.parameters())
        self.averages = [] if decay is None else [weight.detach().clone() for weight in self.weights]

    def update(self):
        if self.decay is not None:
            torch._foreach_mul_(self.averages, self.decay)
            torch._foreach_add_(self.averages, [w.detach() for w in self.weights], alpha=1 - self.decay)

    @contextlib.contextmanager
    def in_use(self):
        """The model has the averages for its weights meanwhile."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self):
        for weight, average in zip(self.weights, self.averages):
            weight.data, average.data = average.data, weight.data


class Session:
    """The commands. Each method takes the fields of a request and gives those of the reply."""

    def __init__(self, mode="eager"):
        self.mode = mode
        self.models = discover()

    def about(self):
        return {
            "name": "pytorch",
            "version": torch.__version__,
            "language": f"Python {platform.python_version()}",
            "models": sorted(self.models),
        }

    def build(self, model, batch, threads, seed, quick, data, training, width=None, device="cpu"):
        if model not in self.models:
            raise LookupError(f"no PyTorch peer for the model {model}")
        if training["optimizer"] not in OPTIMIZERS:
            raise LookupError(f"no optimizer {training['optimizer']} on this side")
        self.use(device)
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        torch.manual_seed(seed)
        self.seed, self.batch, self.clip_norm = seed, batch, training.get("clipNorm")
        self.train_set, self.validation_set, self.test_set = (
            read_part(data, part).to(device) for part in ("train", "validation", "test")
        )
        self.model = self.models[model](Task(tuple(data["shape"]), data["levels"], quick, width, self.train_set))
        self.players = [
            (self._compiled(loss), self._optimizer(weights, training, index), every)
            for index, (loss, weights, every) in enumerate(self._players())
        ]
        self.labels = {}
        if getattr(self.model, "takes_labels", False):
            for part, examples in (("train", self.train_set), ("validation", self.validation_set)):
                labels = read_labels(data, part)
                self.labels[id(examples)] = labels if labels is None else labels.to(device)
        self.average = Average(self.model, training.get("emaDecay"))
        # Batches for timing, made beforehand; where they are larger than the data set, it is gone through again.
        order = torch.randperm(len(self.train_set), device=device)
        rows = order.repeat(-(-batch // len(order)))
        self.batches = [self._batch(self.train_set, part) for part in rows.split(batch) if len(part) == batch]
        self.taken = 0
        return {"parameters": sum(weights.numel() for weights in self.model.parameters())}

    def steps(self, n):
        """Takes `n` training steps, without the making of their batches."""
        loss = None
        started = time.perf_counter()
        for _ in range(n):
            self.taken += 1
            loss = self._step(self.batches[self.taken % len(self.batches)], self.taken)
        self.wait()
        milliseconds = 1000 * (time.perf_counter() - started)
        return {"ms": milliseconds, "loss": loss.item()}

    def train(self, epochs, patience=None, maxSeconds=None, target=None):
        """Trains until validation stops improving, and keeps the best weights."""
        started = time.perf_counter()
        curve, best, best_epoch, weights, steps = [], float("inf"), 0, None, 0
        for epoch in range(1, epochs + 1):
            order = torch.randperm(len(self.train_set), device=self.device)
            for rows in order.split(self.batch):
                steps += 1
                self._step(self._batch(self.train_set, rows), steps)
            with self.average.in_use():
                validation = self._validate()
            seconds = time.perf_counter() - started
            curve.append({"epoch": epoch, "validation": validation, "seconds": seconds})
            if validation < best:
                best, best_epoch = validation, epoch
                with self.average.in_use():
                    weights = copy.deepcopy(self.model.state_dict())
            if patience is not None and epoch - best_epoch > patience:
                break
            if maxSeconds is not None and seconds >= maxSeconds:
                break
            if target is not None and validation <= target:
                break
        if weights is not None:
            self.model.load_state_dict(weights)
        return {"seconds": time.perf_counter() - started, "steps": steps, "curve": curve}

    def evaluate(self, draws):
        """Mean of `nats` over the test examples and over some draws; null for a model without a likelihood."""
        if not hasattr(self.model, "nats"):
            return {"nats": None}
        self.model.eval()
        with torch.no_grad():
            total = sum(self.model.nats(self.test_set).double().sum().item() for _ in range(draws))
        self.model.train()
        return {"nats": total / (draws * len(self.test_set))}

    def sample(self, n, times):
        """The times that it takes to draw `n` samples, once everything is warm; for slow ones the first counts."""
        self.model.eval()
        milliseconds = []
        with torch.no_grad():
            for _ in range(times + 1):
                started = time.perf_counter()
                drawn = self.model.sample(n)
                self.wait()
                milliseconds.append(1000 * (time.perf_counter() - started))
                if milliseconds[0] > SLOW_MS:
                    break
        self.model.train()
        return {"ms": milliseconds[1:] or milliseconds, "shape": list(drawn.shape)}

    def memory(self):
        """The most memory that this process has held, in MiB."""
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return {"peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}

    def use(self, device):
        """Makes new tensors on a device."""
        if device == "cuda":
            if not torch.cuda.is_available():
                raise RuntimeError("PyTorch has no CUDA here")
            torch.set_default_tensor_type(torch.cuda.FloatTensor)
        self.device = device

    def wait(self):
        """Waits for the device to have done what it was asked for."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def _players(self):
        if hasattr(self.model, "players"):
            return self.model.players()
        return [(self.model.loss, list(self.model.parameters()), 1)]

    def _batch(self, examples, rows):
        labels = self.labels.get(id(examples))
        return examples[rows] if labels is None else (examples[rows], labels[rows])

    def _compiled(self, loss):
        return torch.compile(loss) if self.mode == "compile" else loss

    def _optimizer(self, weights, training, player):
        name = training["optimizer"]
        options = {"lr": training["learningRate"], **getattr(self.model, "optimizer_options", {})}
        options.update(getattr(self.model, "player_options", {}).get(player, {}))
        if self.mode != "eager" and name in FUSED:
            options["fused"] = True
        elif self.mode == "fused":
            raise LookupError(f"PyTorch has no fused {name}")
        return OPTIMIZERS[name](weights, **options)

    def _step(self, x, number):
        """The step of that number, counted from 1."""
        value = None
        for objective, optimizer, every in self.players:
            if number % every != 0:
                continue
            # In place: fresh gradients at each step cost PyTorch half of a small model's time in page faults.
            optimizer.zero_grad(set_to_none=False)
            loss = objective(x)
            loss.backward()
            if self.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
            optimizer.step()
            value = loss.detach() if value is None else value
        self.average.update()
        return value

    def _validate(self):
        """The mean loss over the validation examples, with the same draws after each epoch."""
        self.model.eval()
        with torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(self.seed)
            total = sum(
                self.model.loss(self._batch(self.validation_set, rows)).item() * len(rows)
                for rows in torch.arange(len(self.validation_set), device=self.device).split(self.batch)
            )
        self.model.train()
        return total / len(self.validation_set)


COMMANDS = ("about", "build", "steps", "train", "evaluate", "sample", "memory")


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
    session = Session(*sys.argv[1:])
    while True:
        line = lines.get()
        try:
            reply = answer(session, line)
        except Exception as error:  # Whatever it is, the other side wants to know and go on.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
