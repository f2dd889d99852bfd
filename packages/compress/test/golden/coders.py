"""Golden values for the entropy coders, in exact integers and fractions: an implementation independent of the package's.

    python3 coders.py > coders.json
"""

import heapq
import json
from fractions import Fraction


def frequencies(probabilities, precision):
    """Largest remainders over exact fractions; every symbol gets 1 first."""
    exact = [Fraction(p) for p in probabilities]
    mass, total, n = sum(exact), 2**precision, len(exact)
    shares = [p / mass * (total - n) for p in exact]
    counts = [1 + int(s) for s in shares]
    order = sorted(range(n), key=lambda i: (-(shares[i] - int(shares[i])), i))
    for i in order[: total - sum(counts)]:
        counts[i] += 1
    return counts


def draw(probabilities, count):
    cumulative, total = [], 0.0
    for p in probabilities:
        total = total + p
        cumulative.append(total)
    state, symbols = 1, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        u = state / 2**32
        symbols.append(next((i for i, c in enumerate(cumulative) if u < c), 0))
    return symbols


def starts(counts):
    return [sum(counts[:i]) for i in range(len(counts))]


def words_to_hex(words):
    return "".join(f"{w:04x}" for w in words)


def rans_stack(symbols, counts):
    total, start, state, words = sum(counts), starts(counts), 2**32, []
    for s in symbols:
        while state >= 2**48 // total * counts[s]:
            words.append(state % 2**16)
            state //= 2**16
        state = state // counts[s] * total + start[s] + state % counts[s]
    return words_to_hex(words) + f"{state:012x}"


def rans_interleaved(symbols, counts, n):
    total, start, states, words = sum(counts), starts(counts), [2**32] * n, []
    for i in reversed(range(len(symbols))):
        s, state = symbols[i], states[i % n]
        while state >= 2**48 // total * counts[s]:
            words.append(state % 2**16)
            state //= 2**16
        states[i % n] = state // counts[s] * total + start[s] + state % counts[s]
    return "".join(f"{s:012x}" for s in states) + words_to_hex(words[::-1])


def range_coder(symbols, counts):
    """The interval as one integer of any size: there are no carries to propagate."""
    total, start, low, width, shifts = sum(counts), starts(counts), 0, 2**48, 0
    for s in symbols:
        unit = width // total
        low += start[s] * unit
        width = width - start[s] * unit if s == len(counts) - 1 else counts[s] * unit
        while width < 2**32:
            low, width, shifts = low * 2**16, width * 2**16, shifts + 1
    value = -(-low // 2**32)  # the multiple of 2^32 at or above low
    return f"{value:0{4 * (shifts + 1)}x}"


def huffman_bits(counts):
    """The least number of bits: the sum of all merged weights."""
    heap = [c for c in counts if c > 0]
    if len(heap) == 1:
        return heap[0]
    heapq.heapify(heap)
    bits = 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        bits += merged
        heapq.heappush(heap, merged)
    return bits


def canonical_huffman(symbols, counts):
    groups = [(c, i, [i]) for i, c in enumerate(counts)]
    lengths = [0] * len(counts)
    heapq.heapify(groups)
    tie = len(counts)
    while len(groups) > 1:
        a, b = heapq.heappop(groups), heapq.heappop(groups)
        for i in a[2] + b[2]:
            lengths[i] += 1
        heapq.heappush(groups, (a[0] + b[0], tie, a[2] + b[2]))
        tie += 1
    code, last, codes = 0, 0, {}
    for i in sorted(range(len(counts)), key=lambda i: (lengths[i], i)):
        code <<= lengths[i] - last
        last = lengths[i]
        codes[i] = format(code, f"0{lengths[i]}b")
        code += 1
    bits = "".join(codes[s] for s in symbols)
    bits += "0" * (-len(bits) % 8)
    return "".join(f"{int(bits[i:i + 8], 2):02x}" for i in range(0, len(bits), 8))


SKEWED = [0.9, 0.05, 0.03, 0.01, 0.005, 0.005]
LISTS = [
    (SKEWED, 16),
    (SKEWED, 10),
    ([0.5, 0.25, 0.125, 0.0625, 0.0625], 5),
    ([1, 1, 1], 2),
    ([1, 1, 1], 4),
    ([1, 0, 0, 0], 3),
    ([0.1] * 10, 16),
    ([2.0**-i for i in range(20)], 12),
    ([0.97**i for i in range(50)], 24),
]
symbols, counts = draw(SKEWED, 64), frequencies(SKEWED, 16)
print(
    json.dumps(
        {
            "frequencies": [
                {"probabilities": p, "precision": k, "expected": frequencies(p, k)} for p, k in LISTS
            ],
            "huffman": [
                {"counts": c, "bits": huffman_bits(c)}
                for c in ([5, 2, 1, 1], [1, 1, 2, 3, 5, 8, 13, 21], [7], [1] * 100, [0, 4, 4, 0, 4], counts)
            ],
            "streams": {
                "symbols": symbols,
                "interleaved": {n: rans_interleaved(symbols, counts, n) for n in (1, 2, 3, 4, 8)},
                "stack": rans_stack(symbols, counts),
                "range": range_coder(symbols, counts),
                "huffman": canonical_huffman(symbols, counts),
            },
        },
        indent=1,
    )
)
