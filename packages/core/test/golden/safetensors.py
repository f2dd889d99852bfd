"""A safetensors file written by the format's description alone. Writes safetensors.json (hexadecimal) beside this file."""

import json
import struct
from pathlib import Path

header = {
    "__metadata__": {"from": "elsewhere"},
    "kernel": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
    "count": {"dtype": "I32", "shape": [], "data_offsets": [16, 20]},
    "seen": {"dtype": "BOOL", "shape": [3], "data_offsets": [20, 23]},
}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
data = struct.pack("<4f", 1.5, -2.0, 0.1, 3e38) + struct.pack("<i", -7) + bytes([1, 0, 1])
file = struct.pack("<Q", len(text)) + text + data


def f16(*values):
    return struct.pack(f"<{len(values)}e", *values)


def bf16(*values):
    # The upper halves of float32; the values below are exact in it.
    return b"".join(struct.pack("<f", value)[2:] for value in values)


# The types of other programs: code, bytes, and the values that they hold.
reals = [1.0, -2.5, 0.0, -0.0, float("inf")]
types = [
    ["F16", f16(*reals, 6.103515625e-05, 5.960464477539063e-08, 65504.0)],
    ["BF16", bf16(*reals, 3.3895313892515355e38, 1.1754943508222875e-38)],
    ["F64", struct.pack("<5d", *reals)],
    ["I8", struct.pack("<3b", -128, 0, 127)],
    ["U8", struct.pack("<3B", 0, 128, 255)],
    ["I16", struct.pack("<3h", -32768, 0, 32767)],
    ["U16", struct.pack("<3H", 0, 32768, 65535)],
    ["U32", struct.pack("<2I", 0, 2**31 - 1)],
    ["I64", struct.pack("<3q", -(2**31), 5, 2**31 - 1)],
    ["U64", struct.pack("<2Q", 5, 2**31 - 1)],
]
formats = {"F16": "e", "F64": "d", "I8": "b", "U8": "B", "I16": "h", "U16": "H", "U32": "I", "I64": "q", "U64": "Q"}


def values(code, content):
    if code == "BF16":
        content = b"".join(b"\0\0" + content[at : at + 2] for at in range(0, len(content), 2))
        return struct.unpack(f"<{len(content) // 4}f", content)
    size = struct.calcsize(formats[code])
    return struct.unpack(f"<{len(content) // size}{formats[code]}", content)


def text_of(value):
    return repr(value) if isinstance(value, float) and value in (float("inf"), 0.0) else value


expected = [[code, content.hex(), [text_of(value) for value in values(code, content)]] for code, content in types]
golden = {"file": file.hex(), "types": expected}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
