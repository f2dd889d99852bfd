"""PyTorch's side of convolutions.ts: a line of JSON describes a layer, the answer is one pass forward and backward."""

import json
import os
import sys
import time

import torch

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
layers = {}


def layer(case):
    key = json.dumps(case)
    if key not in layers:
        height, width = case["plane"]
        taps_high, taps_wide = case["taps"]
        x = torch.randn(case["batch"], case["inputs"], height, width)
        weight = torch.randn(case["outputs"], case["inputs"], taps_high, taps_wide)
        if height == 1:
            x, weight = x[:, :, 0].contiguous(), weight[:, :, 0].contiguous()
        layers[key] = (x.requires_grad_(), weight.requires_grad_(), case["padding"])
    return layers[key]


for line in sys.stdin:
    x, weight, (vertical, horizontal) = layer(json.loads(line))
    start, used = time.perf_counter(), time.process_time()
    if x.dim() == 3:
        padded = torch.nn.functional.pad(x, horizontal)
        y = torch.nn.functional.conv1d(padded, weight)
    else:
        padded = torch.nn.functional.pad(x, horizontal + vertical)
        y = torch.nn.functional.conv2d(padded, weight)
    x.grad = weight.grad = None
    y.backward(y.detach())
    elapsed = (time.perf_counter() - start) * 1e3
    print(json.dumps([elapsed, (time.process_time() - used) * 1e3]), flush=True)
