"""Writes images.json: PNG and JPEG files of every form, in base64, with the pixels that Pillow reads from them.

Run with a Python that has NumPy and Pillow 11 or later; JPEG forms that Pillow cannot write come from libjpeg-turbo's
cjpeg and jpegtran, PNG forms that it cannot write from the few lines below.
"""

import base64
import io
import json
import pathlib
import struct
import subprocess
import zlib

import numpy as np
from PIL import Image

random = np.random.default_rng(0)
golden = {}


def add(name, data, pixels=None):
    """`pixels`: [height, width, 3], where they are not what Pillow reads."""
    if pixels is None:
        image = Image.open(io.BytesIO(data))
        rgba = np.array(image.convert("RGBA")).astype(int)
        # Over black.
        pixels = np.floor(rgba[..., :3] * rgba[..., 3:] / 255 + 0.5)
    pixels = np.asarray(pixels)
    golden[name] = {
        "file": base64.b64encode(data).decode(),
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "pixels": base64.b64encode(pixels.astype("u1").tobytes()).decode(),
    }


# PNG

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind, content):
    body = kind.encode() + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def pack(row, depth):
    """Samples [width, channels] of a row as bytes."""
    row = row.ravel()
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = (row[:, None] >> np.arange(depth)[::-1]) & 1
    return np.packbits(bits.astype("u1").ravel()).tobytes()


def filtered(lines, step):
    """Every line with another of the five filters."""
    above = bytes(len(lines[0]))
    result = b""
    for index, line in enumerate(lines):
        kind = index % 5
        result += bytes([kind])
        for i, byte in enumerate(line):
            left = line[i - step] if i >= step else 0
            up, corner = above[i], above[i - step] if i >= step else 0
            estimate = left + up - corner
            paeth = min((left, up, corner), key=lambda value: abs(estimate - value))
            result += bytes([(byte - [0, left, up, (left + up) // 2, paeth][kind]) & 255])
        above = line
    return result


def png(samples, depth, colour, interlaced=False, before=b"", pieces=1):
    height, width, channels = samples.shape
    step = max(1, depth * channels // 8)
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    raw = b""
    for left, top, step_x, step_y in passes:
        part = samples[top::step_y, left::step_x]
        if part.shape[0] and part.shape[1]:
            raw += filtered([pack(row, depth) for row in part], step)
    data = zlib.compress(raw)
    cuts = [len(data) * piece // pieces for piece in range(pieces + 1)]
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    idat = b"".join(chunk("IDAT", data[a:b]) for a, b in zip(cuts, cuts[1:]))
    return b"\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + before + idat + chunk("IEND", b"")


def over_black(samples, depth, colour, key=None):
    """Of 16-bit files Pillow keeps the upper byte; the specification, and dgm, round."""
    largest = 2**depth - 1
    colours = samples[..., : 3 if colour in (2, 6) else 1].astype(float) / largest
    if colour in (4, 6):
        colours = colours * samples[..., -1:] / largest
    if key is not None:
        colours = colours * ~(samples == key).all(-1, keepdims=True)
    return np.floor(255 * np.broadcast_to(colours, samples.shape[:2] + (3,)) + 0.5)


def samples_of(depth, colour, size=(9, 11)):
    return random.integers(0, 2**depth, (*size, CHANNELS[colour]))


for colour, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
    for depth in depths:
        palette = random.integers(0, 256, (2**depth, 3)).astype("u1").tobytes()
        before = chunk("PLTE", palette) if colour == 3 else b""
        for interlaced in (False, True):
            name = f"png colour type {colour}, {depth} bits{', interlaced' if interlaced else ''}"
            samples = samples_of(depth, colour)
            pixels = over_black(samples, depth, colour) if depth == 16 else None
            add(name, png(samples, depth, colour, interlaced, before), pixels)
        if colour in (0, 2):
            samples = samples_of(depth, colour, (5, 6))
            samples[::2, ::3] = key = samples[1, 1].copy()
            before = chunk("tRNS", key.astype(">u2").tobytes())
            pixels = over_black(samples, depth, colour, key)
            add(f"png colour type {colour}, {depth} bits, colour key", png(samples, depth, colour, before=before), pixels)
        if colour == 3:
            before += chunk("tRNS", random.integers(0, 256, 2**depth - 1).astype("u1").tobytes())
            add(f"png palette of {depth} bits with alpha", png(samples_of(depth, 3), depth, 3, before=before))

for size in [(1, 1), (1, 3), (3, 1), (2, 2), (5, 4), (8, 8)]:
    add(f"png interlaced of {size[0]} x {size[1]}", png(samples_of(1, 0, size), 1, 0, True))
add("png in many pieces", png(samples_of(8, 2), 8, 2, pieces=7))
add("png with a broken colour profile", png(samples_of(8, 2), 8, 2, before=chunk("iCCP", b"x\0\0broken")))
add("png with an offered palette", png(samples_of(8, 2), 8, 2, before=chunk("PLTE", bytes(range(9)))))

rgb = random.integers(0, 256, (7, 10, 3)).astype("u1")
picture = Image.fromarray(rgb)
alpha = Image.fromarray(random.integers(0, 256, (7, 10, 4)).astype("u1"), "RGBA")
for mode, image in {
    "1": picture.convert("1"),
    "L": picture.convert("L"),
    "LA": alpha.convert("LA"),
    "RGB": picture,
    "RGBA": alpha,
    "P": picture.quantize(200),
    "P of 16": picture.quantize(16),
    "P of 4": picture.quantize(4),
    "P of 2": picture.quantize(2),
}.items():
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    add(f"png as Pillow writes {mode}", buffer.getvalue())

# JPEG

y, x = np.mgrid[0:64, 0:64]
smooth = np.stack([x * 5 % 256, y * 7 % 256, (x * y) % 256], -1)
texture = Image.fromarray((smooth * 0.7 + random.integers(0, 76, smooth.shape)).astype("u1"))


def jpeg(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def tool(data, *command):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def ppm(image):
    buffer = io.BytesIO()
    image.save(buffer, "PPM")
    return buffer.getvalue()


part = texture.crop((0, 0, 19, 21))
for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
    for progressive in (False, True):
        name = f"jpeg {subsampling}{', progressive' if progressive else ''}"
        add(name, jpeg(part, subsampling=subsampling, progressive=progressive, quality=70))
for sampling in ("1x2", "4x1", "1x4", "4x2", "3x1", "2x2,1x2,2x1", "1x1,2x2,1x1"):
    add(f"jpeg sampled {sampling}", tool(ppm(part), "cjpeg", "-quality", "80", "-sample", sampling))
for size in [(1, 1), (2, 2), (3, 3), (4, 5), (17, 16), (33, 8), (8, 33), (15, 2)]:
    add(f"jpeg 4:2:0 of {size[0]} x {size[1]}", jpeg(texture.crop((0, 0, *size)), subsampling="4:2:0", quality=60))
for quality in (1, 100):
    add(f"jpeg of quality {quality}", jpeg(part, quality=quality))
add("jpeg of high contrast", jpeg(part.point(lambda value: 255 * (value > 128)), quality=30))
add("jpeg in grey", jpeg(part.convert("L")))
add("jpeg in grey, progressive", jpeg(part.convert("L"), progressive=True))
add("jpeg in grey, sampled 2x2", tool(ppm(part.convert("L")), "cjpeg", "-sample", "2x2"))
add("jpeg in RGB", jpeg(part, keep_rgb=True))
add("jpeg with restarts", jpeg(part, restart_marker_blocks=1, subsampling="4:2:0"))
add("jpeg with rows of restarts, progressive", jpeg(part, restart_marker_rows=1, progressive=True))
add("jpeg optimized", jpeg(part, optimize=True))
cmyk = jpeg(part.convert("CMYK"))
add("jpeg in CMYK", cmyk)
add("jpeg in CMYK, progressive", jpeg(Image.merge("CMYK", [part.getchannel(c) for c in "RGBR"]), progressive=True))
at = cmyk.index(b"Adobe") + 11
add("jpeg in YCCK", cmyk[:at] + b"\2" + cmyk[at + 1 :])
add("jpeg with Exif", jpeg(part, exif=Image.Exif(), comment="comment"))
scans = b"0,1,2;"
script = pathlib.Path("/tmp/dgm-scans.txt")
script.write_text("0;1;2;")
add("jpeg in three scans", tool(ppm(part), "cjpeg", "-scans", str(script), "-sample", "2x1"))
script.unlink()
plain = jpeg(part, subsampling="4:2:2")
at = plain.index(b"\xff\xdb")
add("jpeg with fill bytes and bytes after its end", plain[:at] + b"\xff\xff" + plain[at:] + b"more")

# Forms that are refused, by what the error says.
damaged = {
    "jpeg with arithmetic coding": tool(ppm(part), "cjpeg", "-arithmetic"),
    "jpeg without its last bytes": plain[:-60],
    "jpeg without EOI": plain[:-2],
}
for name, data in damaged.items():
    golden[name] = {"file": base64.b64encode(data).decode()}

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
