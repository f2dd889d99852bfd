import { sizeOf } from '@dgm/core';
import type { Shape } from '@dgm/core';
import { BINARY, UNARY } from './elementwise';
import type { Operation, Window } from './instruction';
import { stridesOf } from './loops';

/** The most multiplications that an instruction may take. */
const MOST_WORK = 2 ** 34;

/**
 * Whether an instruction of a file is a known operation whose attributes fit the shapes of its values, so that it reads and writes
 * inside them and its loops end.
 * @param inputs - the shapes of what it reads
 * @param output - the shape of what it writes
 */
export function isSound(operation: Operation, inputs: readonly Shape[], output: Shape): boolean {
  const isNumbers = inputs.length === (INPUTS[operation.op] ?? 1) || operation.op === 'place';
  return isNumbers && inputs.length > 0 && fits(operation, inputs, output);
}

/** How many values an operation reads, where it is not one. */
const INPUTS: Partial<Record<Operation['op'], number>> = {
  zip: 2,
  select: 3,
  product: 2,
  convolution: 2,
  'transposed-convolution': 2,
  'depthwise-convolution': 2,
  gather: 2,
};

function fits(operation: Operation, inputs: readonly Shape[], output: Shape): boolean {
  const [a, b] = inputs as readonly [Shape, Shape];
  const [size, inputSize] = [sizeOf(output), sizeOf(a)];
  switch (operation.op) {
    case 'alias':
      return inputSize === size;
    case 'map':
      return Object.hasOwn(UNARY, operation.fn) && inputSize === size && isNumbers(operation.parameters);
    case 'zip':
      return Object.hasOwn(BINARY, operation.fn) && isBroadcast(inputs, output);
    case 'select':
      return isBroadcast(inputs, output);
    case 'view': {
      const { strides, offset } = operation;
      return strides.length === output.length && isInside(output, strides, offset, inputSize);
    }
    case 'place':
      return (
        operation.offsets.length === inputs.length &&
        inputs.every(
          (shape, at) =>
            shape.length === output.length &&
            isInside(shape, stridesOf(output), operation.offsets[at]!, size),
        )
      );
    case 'reduce':
      return FOLDS.has(operation.fn) && isNatural(operation.size) && inputSize === size * operation.size;
    case 'scan': {
      const run = operation.size * operation.inner;
      const isKnown = operation.fn === 'sum' || operation.fn === 'prod';
      return isKnown && isPositive(operation.size, operation.inner) && inputSize === size && size % run === 0;
    }
    case 'product': {
      const [batch, m, n] = output as readonly [number, number, number];
      const k = a[2]!;
      const isMatrices = [a, b, output].every(({ length }) => length === 3);
      const isJoint =
        a[0] === batch && a[1] === m && (b[0] === batch || b[0] === 1) && b[1] === k && b[2] === n;
      return isMatrices && isJoint && size * k <= MOST_WORK;
    }
    case 'convolution':
      return isConvolution(operation, a, b, output) && a[3] === b[2] && output[3] === b[3];
    case 'transposed-convolution':
      return isConvolution(operation, output, b, a) && a[3] === b[3] && output[3] === b[2];
    case 'depthwise-convolution':
      return isConvolution(operation, a, b, output) && a[3] === b[2] && output[3] === b[2]! * b[3]!;
    case 'pool': {
      const { fn, size: taps } = operation;
      const isKnown = fn === 'max' || fn === 'mean';
      return isKnown && isConvolution(operation, a, [...taps, 1, 1], output) && a[3] === output[3];
    }
    case 'gather': {
      const block = operation.size * operation.inner;
      const isBlocks = isPositive(operation.size, operation.inner) && inputSize % block === 0;
      return isBlocks && size === (inputSize / operation.size) * sizeOf(b);
    }
    case 'one-hot':
      return (
        output.length > 0 && size === inputSize * output.at(-1)! && isNumbers([operation.on, operation.off])
      );
    default:
      return false;
  }
}

const FOLDS: ReadonlySet<string> = new Set(['sum', 'mean', 'prod', 'max', 'min', 'arg-max', 'arg-min']);

const isNatural = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isPositive = (...values: readonly unknown[]): boolean =>
  values.every((value) => isNatural(value) && value !== 0);

const isNumbers = (values: readonly unknown[]): boolean =>
  Array.isArray(values) && values.every((value) => typeof value === 'number');

/** Whether values of these shapes can be broadcast to another one, and all of them together need it. */
function isBroadcast(shapes: readonly Shape[], to: Shape): boolean {
  const sizeAt = (shape: Shape, axis: number): number => shape[axis - (to.length - shape.length)] ?? 1;
  return (
    shapes.every(({ length }) => length <= to.length) &&
    to.every((size, axis) => {
      const sizes = shapes.map((shape) => sizeAt(shape, axis));
      return sizes.every((each) => each === 1 || each === size) && sizes.includes(size);
    })
  );
}

/** Whether all indices `offset + sum_a strides[a] i_a` of a shape are from 0 to `size - 1`. */
function isInside(shape: Shape, strides: readonly number[], offset: number, size: number): boolean {
  if (![offset, ...strides].every((value) => Number.isSafeInteger(value))) return false;
  if (sizeOf(shape) === 0) return true;
  let [low, high] = [offset, offset];
  shape.forEach((length, axis) => {
    const reach = (length - 1) * strides[axis]!;
    if (reach < 0) low += reach;
    else high += reach;
  });
  return low >= 0 && high < size;
}

function isConvolution(
  { size, stride, dilation, before }: Window,
  input: Shape,
  filter: Shape,
  output: Shape,
): boolean {
  return (
    [input, filter, output].every(({ length }) => length === 4) &&
    [size, stride, dilation, before].every(({ length }) => length === 2) &&
    isPositive(...size, ...stride, ...dilation) &&
    before.every(Number.isSafeInteger) &&
    size[0] === filter[0] &&
    size[1] === filter[1] &&
    input[0] === output[0] &&
    sizeOf(output) * size[0] * size[1] * Math.max(filter[2]!, 1) <= MOST_WORK
  );
}
