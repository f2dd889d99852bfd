import { categorical, Key } from '@dgm/core';
import type { Layer, StepLayer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { CausalConv1d, GatedResidualStack, rasterOrder, zigZagOrder } from '../src/index';
import { makers } from './arm.cases';

const SIZE = 3;
const DIMS = SIZE * SIZE;
const VALUES = 5;

const orders = {
  raster: rasterOrder([SIZE, SIZE]),
  'zig-zag': zigZagOrder([SIZE, SIZE]),
  random: Key.of(7).permutation(DIMS),
};

/** |d y_d / d x_j| for all d and j, where y_d is a sum over the outputs at d with weights that nothing cancels. */
function influence(f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, variables: number): number[][] {
  return Array.from({ length: variables }, (_, d) =>
    tf.tidy(() => {
      const gradient = tf.grad((input: tf.Tensor) => {
        const output = f(input);
        const row = tf.slice(output, [0, d, 0], [-1, 1, -1]);
        return tf.sum(tf.mul(row, Key.of(d).uniform(row.shape, { min: 1, max: 2 })));
      })(x);
      const size = tf.sum(tf.abs(tf.reshape(gradient, [x.shape[0]!, variables, -1])), [0, 2]);
      return Array.from(size.dataSync());
    }),
  );
}

describe.each(Object.entries(makers))('%s', (_name, make) => {
  const likelihood = categorical({ shape: [], values: VALUES });
  const key = Key.of(0);

  it.each(Object.entries(orders))('has a gradient of 0 by what comes later: %s order', (_, order) => {
    const model = make({ shape: [SIZE, SIZE], likelihood, key, order, encoding: 'scaled' });
    const x = Key.of(1).uniform([2, SIZE, SIZE], { max: VALUES - 1 });
    const size = influence((input) => model.conditionals(input), x, DIMS);
    for (let d = 0; d < DIMS; d++) {
      order.forEach((entry, j) => {
        if (j >= d) expect(size[d]![entry]).toBe(0);
        if (j === d - 1) expect(size[d]![entry]).toBeGreaterThan(0);
      });
    }
    x.dispose();
    model.dispose();
  });

  it('does not change a bit of what comes before a value that changes, however it is encoded', () => {
    for (const encoding of ['raw', 'scaled', 'one-hot'] as const) {
      const model = make({ shape: [DIMS], likelihood, key, encoding });
      tf.tidy(() => {
        const x = tf.floor(Key.of(2).uniform([1, DIMS], { max: VALUES }));
        const at = model.conditionals(x).arraySync() as number[][][];
        for (let j = 0; j < DIMS; j++) {
          const other = tf.mod(tf.add(x, tf.oneHot([j], DIMS)), VALUES);
          const moved = model.conditionals(other).arraySync() as number[][][];
          expect(moved[0]!.slice(0, j + 1)).toEqual(at[0]!.slice(0, j + 1));
          if (j < DIMS - 1) expect(moved[0]![j + 1]).not.toEqual(at[0]![j + 1]);
        }
      });
      model.dispose();
    }
  });
});

const LENGTH = 9;
const geometries = [1, 2, 3].flatMap((kernelSize) =>
  [1, 2, 3].map((dilation) => [kernelSize, dilation] as const),
);

describe('CausalConv1d', () => {
  it.each(geometries)('kernel of %i, dilation %i: sees its taps and nothing else', (kernelSize, dilation) => {
    for (const option of ['A', 'B'] as const) {
      const layer = new CausalConv1d({ inputs: 1, outputs: 2, kernelSize, dilation, option, key: Key.of(0) });
      const x = Key.of(1).normal([1, LENGTH, 1]);
      const size = influence((input) => layer.apply(input), x, LENGTH);
      for (let d = 0; d < LENGTH; d++) {
        const newest = option === 'A' ? d - 1 : d;
        const taps = Array.from({ length: kernelSize }, (_, tap) => newest - tap * dilation);
        for (let j = 0; j < LENGTH; j++) expect(size[d]![j]! > 0).toBe(taps.includes(j));
      }
      x.dispose();
      layer.dispose();
    }
  });

  it('steps to what it gives for the whole sequence', () => {
    for (const [kernelSize, dilation] of geometries) {
      for (const option of ['A', 'B'] as const) {
        const sizes = { inputs: 2, outputs: 3 };
        expectSteps(new CausalConv1d({ ...sizes, kernelSize, dilation, option, key: Key.of(0) }), 2);
      }
    }
  });
});

describe('GatedResidualStack', () => {
  it('steps to what it gives for the whole sequence', () => {
    const sizes = { inputs: 2, outputs: 3, hidden: 4, kernelSize: 2, dilations: [1, 2, 4] };
    expectSteps(new GatedResidualStack({ ...sizes, key: Key.of(0) }), 2);
  });
});

function expectSteps(layer: Layer & StepLayer, inputs: number): void {
  tf.tidy(() => {
    const x = Key.of(3).normal([2, LENGTH, inputs]);
    let state = layer.initialState(2);
    const outputs = tf.unstack(x, 1).map((row) => {
      const { output, state: next } = layer.step(row, state);
      state = next;
      return output;
    });
    expect(tf.stack(outputs, 1).dataSync()).toBeCloseToArray(layer.apply(x).dataSync());
  });
  layer.dispose();
}
