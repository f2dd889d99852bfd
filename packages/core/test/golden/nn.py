"""Reference values for packages/core/src/nn from PyTorch in double precision; writes nn.json beside this file.

Run with a Python that has PyTorch:  python3 nn.py
Weights are written in the layouts of @dgm/core; gradients are those of sum(output**2) / 2.
"""
import json
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
random = np.random.RandomState(20240229)


def draw(*shape, scale=1.0):
    return torch.tensor(np.round(scale * random.randn(*shape), 3))


def plain(tensor):
    def walk(x):
        return [walk(y) for y in x] if isinstance(x, list) else float(f"{x:.12g}")
    return walk(tensor.detach().tolist())


def same(x):
    return x


def transposed(x):
    return x.T


def column(x):
    return x[:, None]


def last(x):
    """Channels from the second to the last axis."""
    return x.movedim(1, -1)


def taps(x):
    """[out, in, ...taps] to [...taps, in, out]; for transposed convolutions [in, out, ...taps] to [...taps, out, in]."""
    return x.movedim((0, 1), (-1, -2))


def case(name, module, x, weights, data=same, call=None, state=(), context=None):
    """weights: path -> (tensor of the module, its layout here)."""
    for tensor, _ in weights.values():
        if isinstance(tensor, nn.Parameter):
            tensor.data = draw(*tensor.shape, scale=0.5)
    if module is not None:
        module.zero_grad()
    before = {path: plain(layout(tensor)) for path, (tensor, layout) in weights.items()}
    x = x.clone().requires_grad_(True)
    y = (call or module)(x)
    (y.square().sum() / 2).backward()
    gradients = {
        path: plain(layout(tensor.grad)) for path, (tensor, layout) in weights.items() if tensor.grad is not None
    }
    row = {
        "input": plain(data(x)),
        "weights": before,
        "output": plain(data(y)),
        "inputGradient": plain(data(x.grad)),
        "gradients": gradients,
    }
    if context is not None:
        row["context"] = plain(context)
    after = {path: plain(weights[path][1](weights[path][0])) for path in state}
    if after:
        row["state"] = after
    cases[name] = row


cases = {}

layer = nn.Linear(3, 2)
linear = {"kernel": (layer.weight, transposed), "bias": (layer.bias, same)}
case("Dense", layer, draw(4, 3), linear)
case("Dense (rank 3)", layer, draw(2, 2, 3), linear)

for name, options, pads in [
    ("Conv1d", {}, None),
    ("Conv1d (stride 2, padding 1)", {"stride": 2, "padding": 1}, None),
    ("Conv1d (causal, dilation 2)", {"dilation": 2}, (4, 0)),
]:
    layer = nn.Conv1d(2, 3, 3, **options)
    call = None if pads is None else (lambda x, layer=layer, pads=pads: layer(F.pad(x, pads)))
    case(name, layer, draw(2, 2, 7), {"kernel": (layer.weight, taps), "bias": (layer.bias, same)}, last, call)

for name, size, options in [
    ("Conv2d", (3, 2), {}),
    ("Conv2d (stride 2, padding 1)", (3, 3), {"stride": 2, "padding": 1}),
    ("Conv2d (stride [1, 2])", (2, 3), {"stride": (1, 2)}),
    ("Conv2d (dilation 2, same)", (3, 3), {"dilation": 2, "padding": "same"}),
]:
    layer = nn.Conv2d(2, 3, size, **options)
    case(name, layer, draw(2, 2, 6, 5), {"kernel": (layer.weight, taps), "bias": (layer.bias, same)}, last)

for name, size, options in [
    ("ConvTranspose2d", (3, 2), {}),
    ("ConvTranspose2d (stride 2, padding 1, output padding 1)", 3, {"stride": 2, "padding": 1, "output_padding": 1}),
    ("ConvTranspose2d (stride 3 above the kernel)", 2, {"stride": 3}),
    ("ConvTranspose2d (dilation 2)", 2, {"dilation": 2}),
]:
    layer = nn.ConvTranspose2d(3, 2, size, **options)
    case(name, layer, draw(2, 3, 3, 2), {"kernel": (layer.weight, taps), "bias": (layer.bias, same)}, last)

layer = nn.LayerNorm(5)
case("LayerNorm", layer, draw(2, 3, 5), {"scale": (layer.weight, same), "shift": (layer.bias, same)})

layer = nn.GroupNorm(2, 4)
case("GroupNorm", layer, draw(2, 4, 2, 3), {"scale": (layer.weight, same), "shift": (layer.bias, same)}, last)


def recurrent(layer):
    return {
        "cell/inputKernel": (layer.weight_ih_l0, transposed),
        "cell/hiddenKernel": (layer.weight_hh_l0, transposed),
        "cell/inputBias": (layer.bias_ih_l0, same),
        "cell/hiddenBias": (layer.bias_hh_l0, same),
    }


layer = nn.GRU(2, 3, batch_first=True)
case("gru", layer, draw(2, 4, 2), recurrent(layer), call=lambda x, layer=layer: layer(x)[0])
layer = nn.LSTM(2, 3, batch_first=True)
case("lstm", layer, draw(2, 4, 2), recurrent(layer), call=lambda x, layer=layer: layer(x)[0])

layer = nn.MultiheadAttention(4, 2, batch_first=True)
attention = {
    "inputKernel": (layer.in_proj_weight, transposed),
    "inputBias": (layer.in_proj_bias, same),
    "outputKernel": (layer.out_proj.weight, transposed),
    "outputBias": (layer.out_proj.bias, same),
}
future = torch.triu(torch.ones(3, 3, dtype=torch.bool), diagonal=1)
case("MultiHeadAttention", layer, draw(2, 3, 4), attention, call=lambda x: layer(x, x, x)[0])
case(
    "MultiHeadAttention (causal)", layer, draw(2, 3, 4), attention,
    call=lambda x: layer(x, x, x, attn_mask=future)[0],
)

layer = nn.utils.weight_norm(nn.Linear(3, 2))
case("weightNorm", layer, draw(4, 3), {
    "kernel/direction": (layer.weight_v, transposed),
    "kernel/length": (layer.weight_g, torch.flatten),
    "bias": (layer.bias, same),
})

for name, training in [("spectralNorm (training)", True), ("spectralNorm", False)]:
    layer = nn.utils.spectral_norm(nn.Linear(3, 2)).train(training)
    layer.weight_u.copy_(F.normalize(draw(2), dim=0))
    layer.weight_v.copy_(F.normalize(draw(3), dim=0))
    case(name, layer, draw(4, 3), {
        "kernel/raw": (layer.weight_orig, transposed),
        "kernel/u": (layer.weight_u, column),
        "kernel/v": (layer.weight_v, column),
        "bias": (layer.bias, same),
    }, state=["kernel/u", "kernel/v"])


def rotary_attention(x):
    """Causal attention of two heads of size 4; feature i and i + 2 of a query or key are a complex number that is turned."""
    n, length, _ = x.shape
    q, k, v = (
        part.reshape(n, length, 2, 4).transpose(1, 2)
        for part in F.linear(x, layer.in_proj_weight, layer.in_proj_bias).chunk(3, dim=-1)
    )
    angles = torch.outer(torch.arange(length, dtype=torch.float64), torch.tensor([1.0, 1e4**-0.5]))
    turn = torch.polar(torch.ones_like(angles), angles)
    q, k = (torch.complex(part[..., :2], part[..., 2:]) * turn for part in (q, k))
    scores = (q @ k.conj().transpose(-1, -2)).real / 2
    weights = scores.masked_fill(torch.triu(torch.ones(length, length, dtype=torch.bool), 1), -torch.inf).softmax(-1)
    return layer.out_proj((weights @ v).transpose(1, 2).reshape(n, length, 8))


layer = nn.MultiheadAttention(8, 2, batch_first=True)
case("MultiHeadAttention (causal, rotary)", layer, draw(2, 4, 8), {
    "inputKernel": (layer.in_proj_weight, transposed),
    "inputBias": (layer.in_proj_bias, same),
    "outputKernel": (layer.out_proj.weight, transposed),
    "outputBias": (layer.out_proj.bias, same),
}, call=rotary_attention)



class Weights:
    """The weights of a network that is written as a function, under their paths; each is made when it is first asked for."""

    def __init__(self):
        self.all = {}

    def __call__(self, path, layout, *shape):
        path = path.lstrip("/")
        if path not in self.all:
            self.all[path] = (nn.Parameter(torch.zeros(*shape)), layout)
        return self.all[path][0]

    def dense(self, path, x, outputs):
        kernel = self(f"{path}/kernel", transposed, outputs, x.shape[-1])
        return F.linear(x, kernel, self(f"{path}/bias", same, outputs))

    def conv(self, path, x, outputs, size=3, stride=1):
        kernel = self(f"{path}/kernel", taps, outputs, x.shape[1], size, size)
        return F.conv2d(x, kernel, self(f"{path}/bias", same, outputs), stride=stride, padding=size // 2)

    def group_norm(self, path, x, groups):
        channels = x.shape[1]
        return F.group_norm(x, groups, self(f"{path}/scale", same, channels), self(f"{path}/shift", same, channels))

    def attention(self, path, x, heads):
        size = x.shape[-1]
        x = x.transpose(0, 1)
        y, _ = F.multi_head_attention_forward(
            x, x, x, size, heads,
            self(f"{path}/inputKernel", transposed, 3 * size, size), self(f"{path}/inputBias", same, 3 * size),
            None, None, False, 0.0,
            self(f"{path}/outputKernel", transposed, size, size), self(f"{path}/outputBias", same, size),
        )
        return y.transpose(0, 1)

    def film(self, path, x, context):
        scale, shift = self.dense(f"{path}/modulation", context, 2 * x.shape[1]).chunk(2, dim=1)
        over_positions = (...,) + (None,) * (x.dim() - 2)
        return (1 + scale)[over_positions] * x + shift[over_positions]

    def adaptive(self, path, x, context, body):
        size = x.shape[-1]
        shift, scale, gate = self.dense(f"{path}/modulation", context, 3 * size)[:, None].chunk(3, dim=-1)
        return x + gate * body((1 + scale) * F.layer_norm(x, (size,), eps=1e-6) + shift)

    def residual(self, path, x, outputs, groups, context):
        h = self.conv(f"{path}/body/2", F.silu(self.group_norm(f"{path}/body/0", x, groups)), outputs)
        h = self.film(f"{path}/body/4", self.group_norm(f"{path}/body/3", h, groups), context)
        h = self.conv(f"{path}/body/6", F.silu(h), outputs)
        return h + (x if x.shape[1] == outputs else self.conv(f"{path}/shortcut", x, outputs, size=1))

    def spatial_attention(self, path, x, groups):
        h = self.group_norm(f"{path}/norm", x, groups).flatten(2).transpose(1, 2)
        return x + self.attention(f"{path}/attention", h, 1).transpose(1, 2).reshape(x.shape)


def sinusoids(t, features, scale=1.0):
    frequencies = scale * 10_000 ** (-torch.arange(features // 2) / (features // 2))
    angles = t[..., None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], -1)


def composite(name, f, x, context=None, data=same):
    weights = Weights()
    call = lambda x: f(weights, x, context)
    call(x)
    case(name, None, x, weights.all, data, call, context=context)


def fourier(w, x, _):
    angles = 2 * torch.pi * x @ w("frequencies", same, 2, 3)
    return torch.cat([angles.cos(), angles.sin()], -1)


def transformer_block(w, x, context):
    h = w.adaptive("0", x, context, lambda h: w.attention("0/body/0", h, 2))
    return w.adaptive("1", h, context, lambda h: w.dense("1/body/2", F.gelu(w.dense("1/body/0", h, 6)), 4))


def u_net(w, x, context):
    """Two levels of 2 and 4 channels with a block each, attention at the second; the image's odd height is cut off again."""
    c = torch.cat([sinusoids(context[:, 0], 2, scale=10.0), context[:, 1:]], 1)
    c = F.silu(w.dense("embedding/3", F.silu(w.dense("embedding/1", c, 8)), 8))
    first = w.conv("body/first", x, 2)
    down0 = w.residual("body/down0-0/0", first, 2, 2, c)
    halve = w.conv("body/halve0", down0, 2, stride=2)
    down1 = w.spatial_attention("body/down1-0/1", w.residual("body/down1-0/0", halve, 4, 2, c), 2)
    h = w.residual("body/middle/0", down1, 4, 2, c)
    h = w.residual("body/middle/2", w.spatial_attention("body/middle/1", h, 2), 4, 2, c)
    for index, skip in enumerate([down1, halve]):
        h = w.residual(f"body/up1-{index}/0", torch.cat([h, skip], 1), 4, 2, c)
        h = w.spatial_attention(f"body/up1-{index}/1", h, 2)
    h = w.conv("body/double1/1", F.interpolate(h, scale_factor=2, mode="nearest"), 4)[:, :, :3]
    for index, skip in enumerate([down0, first]):
        h = w.residual(f"body/up0-{index}/0", torch.cat([h, skip], 1), 2, 2, c)
    return w.conv("body/last/2", F.silu(w.group_norm("body/last/0", h, 2)), 1)


composite("SinusoidalEmbedding", lambda w, x, _: sinusoids(x, 6, scale=2.0), draw(2, 3))
composite("FourierFeatures", fourier, draw(3, 2))
composite("Upsample2d", lambda w, x, _: F.interpolate(x, scale_factor=3, mode="nearest"), draw(2, 3, 2, 3), data=last)
composite("AveragePool2d", lambda w, x, _: F.avg_pool2d(x, 2), draw(2, 3, 4, 6), data=last)
composite("Film", lambda w, x, c: w.film("", x, c), draw(2, 3, 2, 2), draw(2, 4), last)
composite("transformerBlock (condition)", transformer_block, draw(2, 3, 4), draw(2, 3))
composite("convResidualBlock (condition)", lambda w, x, c: w.residual("", x, 4, 2, c), draw(2, 2, 3, 3), draw(2, 3), last)
composite("SpatialAttention", lambda w, x, _: w.spatial_attention("", x, 2), draw(2, 4, 2, 3), data=last)
composite("uNet", u_net, draw(1, 1, 3, 4), draw(1, 3), last)

target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
