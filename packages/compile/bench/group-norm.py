"""PyTorch's side of group-norm.ts: a line of JSON describes the network, the answer is one training step."""

import json
import os
import sys
import time

import torch
from torch import nn

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
networks = {}


def network(case):
    key = json.dumps(case)
    if key not in networks:
        layers, inputs = [], 1
        for _ in range(case["layers"]):
            layers.append(nn.Conv2d(inputs, case["channels"], 3, padding=1))
            if case["norm"]:
                layers.append(nn.GroupNorm(case["groups"], case["channels"]))
            layers.append(nn.SiLU())
            inputs = case["channels"]
        net = nn.Sequential(*layers)
        x = torch.randn(case["batch"], 1, case["side"], case["side"])
        networks[key] = (net, x, torch.optim.SGD(net.parameters(), lr=1e-3))
    return networks[key]


for line in sys.stdin:
    net, x, optimizer = network(json.loads(line))
    start, used = time.perf_counter(), time.process_time()
    optimizer.zero_grad()
    net(x).square().mean().backward()
    optimizer.step()
    elapsed = (time.perf_counter() - start) * 1e3
    print(json.dumps([elapsed, (time.process_time() - used) * 1e3]), flush=True)
