import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Key } from '../../random/key';
import { setup } from '../setup';
import { mendWasmKernels, mendedKernels } from './mend';
import { suiteBackend } from '../../../test/support/suite-backend';

const key = Key.of(7);
const normal = (name: string, shape: readonly number[]): Tensor => key.fold(name).normal(shape);
const indices = (name: string, shape: readonly number[], below: number): Tensor =>
  tf.cast(tf.floor(tf.mul(key.fold(name).uniform(shape), below)), 'int32');

type Result = {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: ArrayLike<number>;
};

/** Runs `compute` on a backend: what it returns, and how many tensors and buffers it has left behind. */
async function on(backend: 'cpu' | 'wasm', compute: () => Tensor[]): Promise<Result[]> {
  await setup({ backend });
  const before = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
  const outputs = tf.tidy(compute);
  const results = outputs.map(({ shape, dtype }, i) => ({ shape, dtype, values: outputs[i]!.dataSync() }));
  tf.dispose(outputs);
  expect([tf.memory().numTensors, tf.engine().backend.numDataIds()]).toEqual(before);
  return results;
}

/** Every output, and every gradient of their weighted sum, is the same on wasm as on the cpu backend. */
async function agrees(
  f: (...xs: Tensor[]) => Tensor | Tensor[],
  shapes: readonly (readonly number[])[],
): Promise<void> {
  const compute = (): Tensor[] => {
    const xs = shapes.map((shape, i) => normal(`x${i}`, shape));
    const outputs = [f(...xs)].flat();
    const weighted = (...ys: Tensor[]): Tensor =>
      tf.addN([f(...ys)].flat().map((y, i) => tf.sum(tf.mul(y, normal(`w${i}`, y.shape)))));
    return [...outputs, ...tf.grads(weighted)(xs)];
  };
  const expected = await on('cpu', compute);
  const actual = await on('wasm', compute);
  expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  for (const [i, { values }] of actual.entries()) {
    // A float32 sum of n unit products, in two orders: 1e-5 per number is ten roundings of a value of ten.
    const wanted = expected[i]!.values;
    for (let j = 0; j < values.length; j++) {
      const tolerance = 2e-5 * Math.max(1, Math.abs(wanted[j]!));
      if (!(Math.abs(values[j]! - wanted[j]!) <= tolerance)) {
        expect.fail(`output ${i}, number ${j}: expected ${wanted[j]}, got ${values[j]}`);
      }
    }
  }
}

beforeAll(async () => void (await setup({ backend: 'wasm' })));
afterAll(async () => void (await setup({ backend: suiteBackend })));

describe('mendWasmKernels', () => {
  it('registers every kernel once, however often it is called', () => {
    const registered = () => mendedKernels.map(({ kernelName }) => tf.getKernel(kernelName, 'wasm'));
    const before = registered();
    mendWasmKernels();
    expect(registered()).toEqual(before);
    expect(before).not.toContain(undefined);
  });
});

describe('BatchMatMul', () => {
  const products: readonly [string, number[], number[], boolean, boolean][] = [
    ['AB', [5, 7], [7, 3], false, false],
    ["A'B", [7, 5], [7, 3], true, false],
    ["AB'", [5, 7], [3, 7], false, true],
    ["A'B'", [7, 5], [3, 7], true, true],
    ['AB of a large B', [2, 9], [9, 40], false, false],
    ['AB of a large B, of rank 3', [1, 2, 9], [1, 9, 40], false, false],
    ["AB' of a large B", [2, 9], [40, 9], false, true],
    ["AB' of a large B, of rank 3", [1, 2, 9], [1, 40, 9], false, true],
    ['a row times a column', [1, 1], [1, 1], true, true],
    ['small pairs', [6, 4, 5], [6, 5, 3], false, false],
    ['small pairs, transposed', [2, 3, 5, 4], [2, 3, 6, 5], true, true],
    ['large pairs', [3, 40, 33], [3, 33, 32], false, false],
    ['large pairs, transposed', [2, 2, 33, 40], [2, 2, 32, 33], true, true],
    ['a batch times one matrix', [6, 4, 5], [1, 5, 3], false, false],
    ['one matrix times a batch', [1, 4, 5], [6, 5, 3], false, false],
  ];
  it.each(products)('%s', async (_, a, b, transposeA, transposeB) => {
    await on('wasm', () => [tf.matMul(normal('x0', a), normal('x1', b), transposeA, transposeB)]);
    const whole = a.length === b.length && a.slice(0, -2).join() === b.slice(0, -2).join();
    const product = (x: Tensor, y: Tensor): Tensor => tf.matMul(x, y, transposeA, transposeB);
    // The gradient of a product that broadcasts has the wrong shape in tfjs; forward alone is compared there.
    if (whole) await agrees((x, y) => product(x!, y!), [a, b]);
    else await agrees((scale) => tf.mul(scale!, product(normal('a', a), normal('b', b))), [[1]]);
  });

  it('computes products by a large right matrix to the same bits, transposed or not, the first time or later', async () => {
    await on('wasm', () => {
      const [a, b] = [normal('a', [5, 33]), normal('b', [33, 70])];
      const first = tf.matMul(a, b).dataSync();
      expect(tf.matMul(a, b).dataSync()).toEqual(first);
      expect(tf.matMul(a, tf.transpose(b), false, true).dataSync()).toEqual(first);
      return [];
    });
  });

  it('is fused with a bias and an activation', async () => {
    await agrees(
      (a, b, bias) =>
        tf.fused.matMul({
          a: a!,
          b: b!,
          transposeA: true,
          transposeB: true,
          bias: bias!,
          activation: 'relu',
        }),
      [[7, 5], [3, 7], [3]],
    );
  });
});

describe('Conv2D, Conv2DBackpropFilter and Conv2DBackpropInput', () => {
  type Pad = 'same' | 'valid' | number | [[0, 0], [number, number], [number, number], [0, 0]];
  const convolutions: readonly [string, number[], number[], [number, number], Pad][] = [
    ['same', [2, 5, 6, 3], [3, 3, 3, 4], [1, 1], 'same'],
    ['valid', [2, 5, 6, 3], [2, 3, 3, 4], [1, 1], 'valid'],
    ['same, strides', [2, 7, 6, 2], [3, 2, 2, 5], [2, 3], 'same'],
    ['valid, strides', [1, 8, 8, 1], [4, 4, 1, 2], [2, 2], 'valid'],
    ['number', [2, 5, 5, 2], [3, 3, 2, 2], [1, 1], 1],
    [
      'explicit, uneven',
      [2, 5, 6, 2],
      [3, 2, 2, 3],
      [1, 2],
      [
        [0, 0],
        [2, 0],
        [1, 2],
        [0, 0],
      ],
    ],
    ['one by one', [2, 4, 4, 3], [1, 1, 3, 2], [1, 1], 'same'],
    ['filter wider than the image', [1, 2, 2, 1], [5, 5, 1, 1], [1, 1], 'same'],
  ];
  it.each(convolutions)('%s', async (_, x, filter, strides, pad) => {
    await agrees((image, w) => tf.conv2d(image as Tensor4D, w as Tensor4D, strides, pad), [x, filter]);
  });

  it('holds for a convolution over time, which looks back only', async () => {
    await agrees(
      (x, w) =>
        tf.conv1d(
          tf.pad(x!, [
            [0, 0],
            [2, 0],
            [0, 0],
          ]) as Tensor3D,
          w as Tensor3D,
          1,
          'valid',
        ),
      [
        [2, 9, 3],
        [3, 3, 4],
      ],
    );
  });

  it.each(['same', 'valid'] as const)('holds for a transposed convolution, %s', async (pad) => {
    const size = pad === 'same' ? 8 : 9;
    await agrees(
      (x, w) => tf.conv2dTranspose(x as Tensor4D, w as Tensor4D, [2, size, size, 3], 2, pad),
      [
        [2, 4, 4, 5],
        [3, 3, 3, 5],
      ],
    );
  });
});

describe('UnsortedSegmentSum and GatherV2', () => {
  it.each([0, 1, -1])('gather along axis %i', async (axis) => {
    await agrees((table) => tf.gather(table!, indices('i', [11], 4), axis), [[4, 4, 4]]);
  });

  it('looks an embedding up', async () => {
    await agrees((table) => tf.gather(table!, indices('i', [3, 7], 12)), [[12, 60]]);
  });

  it('leaves out what belongs to no segment', async () => {
    const sum = (): Tensor[] => [
      tf.unsortedSegmentSum(
        tf.tensor2d([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        tf.tensor1d([1, -1, 1], 'int32'),
        2,
      ),
    ];
    const [{ values }] = (await on('wasm', sum)) as [Result];
    expect([...(values as Float32Array)]).toEqual([0, 0, 6, 8]);
  });

  it('refuses an index outside the axis', async () => {
    await setup({ backend: 'wasm' });
    expect(() => tf.tidy(() => tf.gather(tf.ones([3, 2]), tf.tensor1d([3], 'int32')))).toThrow(
      'not in [0, 2]',
    );
  });
});

describe('kernels that move numbers', () => {
  it.each<[string, (x: Tensor) => Tensor | Tensor[]]>([
    ['slice of rows', (x) => tf.slice(x, [1], [2])],
    ['slice of columns', (x) => tf.slice(x, [0, 0, 3], [-1, -1, 2])],
    ['slice along every axis', (x) => tf.slice(x, [1, 2, 1], [2, 1, 60])],
    ['slice of everything', (x) => tf.slice(x, [0, 0, 0])],
    ['split', (x) => tf.split(x, [1, 4], 1)],
    ['split of the last axis', (x) => tf.split(x, 2, -1)],
    ['unstack', (x) => tf.unstack(x, 1)],
    ['tile', (x) => tf.tile(x, [1, 3, 1])],
    ['tile along every axis', (x) => tf.tile(x, [2, 1, 2])],
    ['tile of one number', (x) => tf.tile(tf.slice(x, [1, 2, 3], [1, 1, 1]), [3, 2, 4])],
    ['broadcast', (x) => tf.broadcastTo(tf.slice(x, [0, 0, 0], [4, 1, 1]), [4, 3, 2])],
    ['reverse', (x) => tf.reverse(x, 1)],
    ['reverse of two axes', (x) => tf.reverse(x, [0, -1])],
  ])('%s', async (_, f) => {
    await agrees((x) => f(x!), [[4, 5, 64]]);
  });

  it.each(['int32', 'bool'] as const)('keeps %s', async (dtype) => {
    const moved = (): Tensor[] => {
      const x = tf.cast(indices('m', [6, 5], 2), dtype);
      return [
        tf.tile(x, [1, 2]),
        tf.slice(x, [1, 1], [2, 2]),
        tf.gather(x, indices('g', [4], 6)),
        tf.reverse(x, 1),
      ];
    };
    expect(await on('wasm', moved)).toEqual(await on('cpu', moved));
  });
});

describe('Maximum and Minimum', () => {
  it.each([tf.maximum, tf.minimum])('agree, also where the shapes differ', async (choose) => {
    await agrees(
      (x, y) => choose(x!, y!),
      [
        [4, 5],
        [4, 5],
      ],
    );
    expect(await on('wasm', () => [choose(normal('x', [4, 5]), normal('y', [5]))])).toEqual(
      await on('cpu', () => [choose(normal('x', [4, 5]), normal('y', [5]))]),
    );
  });
});
