import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { suiteBackend } from '../../../test/support/suite-backend';
import { Key } from '../../random/key';
import { setup } from '../setup';
import { mendedKernels, mendTensorflowKernels } from './mend';

const key = Key.of(7);
const normal = (name: string, shape: readonly number[]): Tensor => key.fold(name).normal(shape);

/** Runs `compute` on a backend: what it returns, after a check that nothing else is left behind. */
async function on(backend: 'cpu' | 'tensorflow', compute: () => Tensor[]): Promise<(number[] | string)[]> {
  await setup({ backend });
  const before = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
  const outputs = tf.tidy(compute);
  const results = outputs.flatMap((x) => [`${x.dtype} [${x.shape.join()}]`, [...x.dataSync()]]);
  tf.dispose(outputs);
  expect([tf.memory().numTensors, tf.engine().backend.numDataIds()]).toEqual(before);
  return results;
}

async function agrees(compute: () => Tensor[]): Promise<void> {
  const expected = await on('cpu', compute);
  const actual = await on('tensorflow', compute);
  expect(actual.filter((x) => typeof x === 'string')).toEqual(expected.filter((x) => typeof x === 'string'));
  const numbers = (results: typeof actual) => results.flatMap((x) => (typeof x === 'string' ? [] : x));
  const wanted = numbers(expected);
  expect(wanted.length).toBeGreaterThan(0);
  numbers(actual).forEach((x, i) => expect(Math.abs(x - wanted[i]!)).toBeLessThanOrEqual(2e-5));
}

// The package is optional: `npm run test:tensorflow` provides it.
describe.runIf(suiteBackend === 'tensorflow')('mendTensorflowKernels', () => {
  afterAll(async () => void (await setup({ backend: suiteBackend })));

  it('registers every kernel once, however often it is called', () => {
    const registered = () => mendedKernels.map(({ kernelName }) => tf.getKernel(kernelName, 'tensorflow'));
    const before = registered();
    mendTensorflowKernels();
    expect(registered()).toEqual(before);
    expect(before).not.toContain(undefined);
  });

  const paddings: [name: string, pad: 'same' | tf.backend_util.ExplicitPadding, stride: number][] = [
    ['causal', [[0, 0], [2, 0], [2, 0], [0, 0]], 1], // prettier-ignore
    ['uneven with strides', [[0, 0], [1, 0], [0, 2], [0, 0]], 2], // prettier-ignore
    ['same', 'same', 2],
  ];
  it.each(paddings)('differentiates a convolution with %s padding', (_, pad, stride) =>
    agrees(() => {
      const x = normal('x', [2, 7, 6, 2]);
      const filter = normal('filter', [3, 3, 2, 4]);
      const convolve = (x: Tensor, filter: Tensor): Tensor =>
        tf.conv2d(x as Tensor4D, filter as Tensor4D, stride, pad);
      const y = convolve(x, filter);
      const loss = (x: Tensor, filter: Tensor): Tensor =>
        tf.mean(tf.mul(convolve(x, filter), normal('w', y.shape)));
      return [y, ...tf.grads(loss)([x, filter])];
    }),
  );

  it('gathers along a negative axis', () =>
    agrees(() => [tf.gather(normal('x', [3, 4]), tf.tensor1d([3, 0, 2], 'int32'), -1)]));

  it('concatenates tensors of several types, and leaves them as they are', () =>
    agrees(() => {
      const parts = [
        tf.tensor2d([[1, 2]]),
        tf.tensor2d([[3]], [1, 1], 'int32'),
        tf.tensor2d([[1]], [1, 1], 'bool'),
      ];
      return [tf.concat(parts, 1), ...parts];
    }));

  it('casts to the same type without a copy, under a second gradient too', () =>
    agrees(() => {
      const cubed = (x: Tensor): Tensor => tf.sum(tf.mul(tf.square(tf.cast(x, 'float32')), x));
      return [tf.grad((x: Tensor) => tf.sum(tf.square(tf.grad(cubed)(x))))(tf.tensor1d([0.5, -0.25]))];
    }));

  it('differentiates rectifiers of every slope, and reshapes without a copy', () =>
    agrees(() => {
      const x = tf.tensor2d([[-2, -0.5, 0, 0.5, 3]]);
      const slopes = [0, 0.2].map((slope) => tf.step(x, slope));
      return [
        ...slopes,
        tf.grad((x: Tensor) => tf.sum(tf.relu(x)))(x),
        tf.reshape(x, x.shape),
        tf.reshape(x, [5]),
      ];
    }));

  it('chooses among no examples', async () => {
    const none = () => tf.where(tf.zeros([0, 2], 'bool'), tf.zeros([0, 2]), tf.ones([1, 2]));
    expect(await on('tensorflow', () => [none()])).toEqual(['float32 [0,2]', []]);
  });

  it('keeps the digits of elu near 0', async () => {
    const [, values] = await on('tensorflow', () => [tf.elu(tf.tensor1d([-1e-3, -1e-6, -2, 0.5]))]);
    [-1e-3, -1e-6, -2].forEach((x, i) =>
      expect(Math.abs((values![i] as number) / Math.expm1(Math.fround(x)) - 1)).toBeLessThan(3e-7),
    );
    expect(values![3]).toBe(0.5);
  });
});
