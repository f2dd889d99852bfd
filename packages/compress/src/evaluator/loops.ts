import { broadcastShapes, sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import { BINARY, UNARY } from './elementwise';
import type { Operation, ReduceName, Window } from './instruction';

/** An array of a program, with its memory. */
export interface Operand {
  readonly data: Float64Array;
  readonly shape: Shape;
}

/** Computes an output from inputs, both in memory that was chosen before. */
export type Run = () => void;

/** An operation as a loop in a fixed order over doubles, so that every machine gets the same bits. */
export function loopOf(operation: Operation, inputs: readonly Operand[], output: Operand): Run {
  const [a, b] = inputs as readonly [Operand, Operand];
  const out = output.data;
  switch (operation.op) {
    case 'alias':
      return () => undefined;
    case 'map':
      return map(UNARY[operation.fn], operation.parameters, a.data, out);
    case 'zip':
      return zip(BINARY[operation.fn], a, b, out);
    case 'select':
      return select(inputs, output);
    case 'view':
      return view(a.data, indices(output.shape, operation.strides, operation.offset), out);
    case 'place':
      return place(inputs, operation, output);
    case 'reduce':
      return reduce(operation.fn, operation.size, a.data, out);
    case 'scan':
      return scan(operation, a.data, out);
    case 'product':
      return product(a, b, output);
    case 'convolution':
      return convolution(operation, a, b, output);
    case 'transposed-convolution':
      return transposedConvolution(operation, a, b, output);
    case 'depthwise-convolution':
      return depthwiseConvolution(operation, a, b, output);
    case 'pool':
      return pool(operation, a, output);
    case 'gather':
      return gather(operation, a.data, b.data, out);
    case 'one-hot':
      return oneHot(operation, a.data, output);
  }
}

/** Row-major strides of a shape. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** For each element of a shape the index `offset + sum_a strides[a] i_a`. */
function indices(shape: Shape, strides: readonly number[], offset = 0): Int32Array {
  let list = Int32Array.of(offset);
  shape.forEach((size, axis) => {
    const next = new Int32Array(list.length * size);
    list.forEach((start, index) => {
      for (let step = 0; step < size; step++) next[index * size + step] = start + step * strides[axis]!;
    });
    list = next;
  });
  return list;
}

/** The index of each element of a broadcast operand; undefined where it is the element's own. */
function broadcast({ shape }: Operand, to: Shape): Int32Array | undefined {
  if (sizeOf(shape) === sizeOf(to)) return undefined;
  const own = stridesOf(shape);
  const lead = to.length - shape.length;
  const strides = to.map((_, axis) => (axis < lead || shape[axis - lead] === 1 ? 0 : own[axis - lead]!));
  return indices(to, strides);
}

function map(
  fn: (x: number, a: number, b: number) => number,
  [first = 0, second = 0]: readonly number[],
  x: Float64Array,
  out: Float64Array,
): Run {
  return () => {
    for (let i = 0; i < out.length; i++) out[i] = fn(x[i]!, first, second);
  };
}

function zip(fn: (a: number, b: number) => number, a: Operand, b: Operand, out: Float64Array): Run {
  const shape = broadcastShapes(a.shape, b.shape);
  const [x, y] = [a.data, b.data];
  const [ofX, ofY] = [broadcast(a, shape), broadcast(b, shape)];
  if (ofX === undefined && ofY === undefined) {
    return () => {
      for (let i = 0; i < out.length; i++) out[i] = fn(x[i]!, y[i]!);
    };
  }
  if (ofX === undefined) {
    return () => {
      for (let i = 0; i < out.length; i++) out[i] = fn(x[i]!, y[ofY![i]!]!);
    };
  }
  return () => {
    for (let i = 0; i < out.length; i++) out[i] = fn(x[ofX[i]!]!, y[ofY === undefined ? i : ofY[i]!]!);
  };
}

function select(inputs: readonly Operand[], { data: out, shape }: Operand): Run {
  const [condition, yes, no] = inputs.map(({ data }) => data) as [Float64Array, Float64Array, Float64Array];
  const [c, y, n] = inputs.map((each) => broadcast(each, shape) ?? indices(shape, stridesOf(shape)));
  return () => {
    for (let i = 0; i < out.length; i++) out[i] = condition[c![i]!] !== 0 ? yes[y![i]!]! : no[n![i]!]!;
  };
}

/** Consecutive positions, from the element `first` on. */
interface Stretch {
  readonly first: number;
  readonly position: number;
  readonly count: number;
}

/** From so many elements on, copying a stretch at once is faster, and takes less memory than the position of each. */
const LONG = 64;

/** Positions as stretches that are long in the mean; undefined where they are not. */
function stretchesOf(at: Int32Array): readonly Stretch[] | undefined {
  const stretches: Stretch[] = [];
  for (let first = 0; first < at.length;) {
    const position = at[first]!;
    let count = 1;
    while (at[first + count] === position + count) count++;
    stretches.push({ first, position, count });
    if (stretches.length * LONG > at.length) return undefined;
    first += count;
  }
  return stretches;
}

function view(x: Float64Array, at: Int32Array, out: Float64Array): Run {
  const stretches = stretchesOf(at);
  if (stretches === undefined) {
    return () => {
      for (let i = 0; i < out.length; i++) out[i] = x[at[i]!]!;
    };
  }
  const copies = stretches.map(({ first, position, count }) => ({
    from: x.subarray(position, position + count),
    to: first,
  }));
  return () => {
    for (const { from, to } of copies) out.set(from, to);
  };
}

function place(
  inputs: readonly Operand[],
  { offsets, fill }: { readonly offsets: readonly number[]; readonly fill: number },
  output: Operand,
): Run {
  const out = output.data;
  const strides = stridesOf(output.shape);
  const isWhole = inputs.reduce((sum, { data }) => sum + data.length, 0) === out.length;
  const runs = inputs.map(({ data, shape }, index) =>
    placeAt(data, indices(shape, strides, offsets[index]!), out),
  );
  return () => {
    if (!isWhole) out.fill(fill);
    for (const run of runs) run();
  };
}

/** Each element goes to its position. */
function placeAt(data: Float64Array, at: Int32Array, out: Float64Array): Run {
  const stretches = stretchesOf(at);
  if (stretches === undefined) {
    return () => {
      for (let i = 0; i < data.length; i++) out[at[i]!] = data[i]!;
    };
  }
  const copies = stretches.map(({ first, position, count }) => ({
    from: data.subarray(first, first + count),
    to: position,
  }));
  return () => {
    for (const { from, to } of copies) out.set(from, to);
  };
}

const FOLDS: Readonly<Record<ReduceName, (x: Float64Array, from: number, to: number) => number>> = {
  sum: (x, from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += x[i]!;
    return sum;
  },
  mean: (x, from, to) => FOLDS.sum(x, from, to) / (to - from),
  prod: (x, from, to) => {
    let product = 1;
    for (let i = from; i < to; i++) product *= x[i]!;
    return product;
  },
  max: (x, from, to) => {
    let most = -Infinity;
    for (let i = from; i < to; i++) most = Math.max(most, x[i]!);
    return most;
  },
  min: (x, from, to) => {
    let least = Infinity;
    for (let i = from; i < to; i++) least = Math.min(least, x[i]!);
    return least;
  },
  'arg-max': (x, from, to) => {
    let best = from;
    for (let i = from + 1; i < to; i++) if (x[i]! > x[best]!) best = i;
    return best - from;
  },
  'arg-min': (x, from, to) => {
    let best = from;
    for (let i = from + 1; i < to; i++) if (x[i]! < x[best]!) best = i;
    return best - from;
  },
};

function reduce(name: ReduceName, size: number, x: Float64Array, out: Float64Array): Run {
  const fold = FOLDS[name];
  return () => {
    for (let i = 0; i < out.length; i++) out[i] = fold(x, i * size, (i + 1) * size);
  };
}

function scan(
  { fn, size, inner, exclusive, reverse }: Extract<Operation, { readonly op: 'scan' }>,
  x: Float64Array,
  out: Float64Array,
): Run {
  const combine = fn === 'sum' ? BINARY.add : BINARY.multiply;
  const neutral = fn === 'sum' ? 0 : 1;
  const outer = out.length / (size * inner);
  return () => {
    for (let block = 0; block < outer; block++) {
      for (let lane = 0; lane < inner; lane++) {
        let total = neutral;
        for (let step = 0; step < size; step++) {
          const at = (block * size + (reverse ? size - 1 - step : step)) * inner + lane;
          const next = combine(total, x[at]!);
          out[at] = exclusive ? total : next;
          total = next;
        }
      }
    }
  };
}

/** Adds `x * row` to a part of `out`: the innermost loop of all products. */
function addScaled(
  out: Float64Array,
  at: number,
  x: number,
  rows: Float64Array,
  from: number,
  count: number,
): void {
  for (let j = 0; j < count; j++) out[at + j]! += x * rows[from + j]!;
}

function product(a: Operand, b: Operand, { data: out, shape }: Operand): Run {
  const [batch, m, n] = shape as [number, number, number];
  const k = a.shape[2]!;
  const [x, y] = [a.data, b.data];
  const step = b.shape[0] === 1 ? 0 : k * n;
  return () => {
    out.fill(0);
    for (let item = 0; item < batch; item++) {
      for (let row = 0; row < m; row++) {
        const at = (item * m + row) * n;
        const left = (item * m + row) * k;
        let index = 0;
        // Four terms at a time, still added one after the other.
        for (; index + 4 <= k; index += 4) {
          const [p, q, r, s] = [
            x[left + index]!,
            x[left + index + 1]!,
            x[left + index + 2]!,
            x[left + index + 3]!,
          ];
          const first = item * step + index * n;
          const [second, third, fourth] = [first + n, first + 2 * n, first + 3 * n];
          for (let j = 0; j < n; j++) {
            out[at + j] =
              out[at + j]! + p * y[first + j]! + q * y[second + j]! + r * y[third + j]! + s * y[fourth + j]!;
          }
        }
        for (; index < k; index++) addScaled(out, at, x[left + index]!, y, item * step + index * n, n);
      }
    }
  };
}

/** Calls back for each output position and each tap that lies inside the input, in row-major order of both. */
function eachTap(
  { size, stride, dilation, before }: Window,
  input: Shape,
  output: Shape,
  act: (inputPixel: number, outputPixel: number, tap: number) => void,
): void {
  const [count, height, width] = input as [number, number, number];
  const [, outHeight, outWidth] = output as [number, number, number];
  for (let image = 0; image < count; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        const pixel = (image * outHeight + row) * outWidth + column;
        for (let tapRow = 0; tapRow < size[0]; tapRow++) {
          const y = row * stride[0] - before[0] + tapRow * dilation[0];
          if (y < 0 || y >= height) continue;
          for (let tapColumn = 0; tapColumn < size[1]; tapColumn++) {
            const x = column * stride[1] - before[1] + tapColumn * dilation[1];
            if (x < 0 || x >= width) continue;
            act((image * height + y) * width + x, pixel, tapRow * size[1] + tapColumn);
          }
        }
      }
    }
  }
}

function convolution(window: Window, x: Operand, filter: Operand, output: Operand): Run {
  const [inputs, outputs] = filter.shape.slice(2) as [number, number];
  const out = output.data;
  return () => {
    out.fill(0);
    eachTap(window, x.shape, output.shape, (from, to, tap) => {
      for (let channel = 0; channel < inputs; channel++) {
        addScaled(
          out,
          to * outputs,
          x.data[from * inputs + channel]!,
          filter.data,
          (tap * inputs + channel) * outputs,
          outputs,
        );
      }
    });
  };
}

/** The filter is `[height, width, channels of the output, channels of the input]`. */
function transposedConvolution(window: Window, x: Operand, filter: Operand, output: Operand): Run {
  const [outputs, inputs] = filter.shape.slice(2) as [number, number];
  const out = output.data;
  return () => {
    out.fill(0);
    eachTap(window, output.shape, x.shape, (to, from, tap) => {
      for (let channel = 0; channel < outputs; channel++) {
        let sum = 0;
        for (let each = 0; each < inputs; each++) {
          sum += x.data[from * inputs + each]! * filter.data[(tap * outputs + channel) * inputs + each]!;
        }
        out[to * outputs + channel]! += sum;
      }
    });
  };
}

function depthwiseConvolution(window: Window, x: Operand, filter: Operand, output: Operand): Run {
  const [channels, multiplier] = filter.shape.slice(2) as [number, number];
  const out = output.data;
  return () => {
    out.fill(0);
    eachTap(window, x.shape, output.shape, (from, to, tap) => {
      for (let channel = 0; channel < channels; channel++) {
        addScaled(
          out,
          (to * channels + channel) * multiplier,
          x.data[from * channels + channel]!,
          filter.data,
          (tap * channels + channel) * multiplier,
          multiplier,
        );
      }
    });
  };
}

function pool(operation: Extract<Operation, { readonly op: 'pool' }>, x: Operand, output: Operand): Run {
  const channels = x.shape[3]!;
  const out = output.data;
  const counts = new Float64Array(out.length / channels);
  const isMax = operation.fn === 'max';
  return () => {
    out.fill(isMax ? -Infinity : 0);
    counts.fill(0);
    eachTap(operation, x.shape, output.shape, (from, to) => {
      counts[to]!++;
      for (let channel = 0; channel < channels; channel++) {
        const at = to * channels + channel;
        const value = x.data[from * channels + channel]!;
        out[at] = isMax ? Math.max(out[at]!, value) : out[at]! + value;
      }
    });
    if (isMax) return;
    for (let at = 0; at < out.length; at++) out[at]! /= counts[Math.floor(at / channels)]!;
  };
}

/** An index that is out of range gives NaN. */
function gather(
  { size, inner }: { readonly size: number; readonly inner: number },
  x: Float64Array,
  at: Float64Array,
  out: Float64Array,
): Run {
  const outer = x.length / (size * inner);
  return () => {
    let to = 0;
    for (let block = 0; block < outer; block++) {
      for (const index of at) {
        const from = (block * size + index) * inner;
        const isInside = index >= 0 && index < size;
        for (let each = 0; each < inner; each++) out[to++] = isInside ? x[from + each]! : NaN;
      }
    }
  };
}

function oneHot(
  { on, off }: { readonly on: number; readonly off: number },
  x: Float64Array,
  { data: out, shape }: Operand,
): Run {
  const depth = shape.at(-1)!;
  return () => {
    out.fill(off);
    for (let i = 0; i < x.length; i++) {
      const index = x[i]!;
      if (index >= 0 && index < depth) out[i * depth + index] = on;
    }
  };
}
