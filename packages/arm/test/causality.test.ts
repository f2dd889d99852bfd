import { categoricalHead, Key } from '@dgm/core';
import type { Layer, StepLayer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  CausalConv1d,
  GatedResidualStack,
  gatedPixelCnn,
  MaskedConv2d,
  pixelCnn,
  rasterOrder,
  zigZagOrder,
} from '../src/index';
import type { AutoregressiveModel } from '../src/index';
import { allMakers, imageMakers, makers } from './arm.cases';

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

const likelihood = categoricalHead({ shape: [], levels: VALUES });
const key = Key.of(0);
const inOrders = [
  ...Object.entries(makers).flatMap(([name, make]) =>
    Object.entries(orders).map(([order, positions]) => [name, order, positions, make] as const),
  ),
  ...Object.entries(imageMakers).map(([name, make]) => [name, 'raster', orders.raster, make] as const),
];

describe('a model', () => {
  it.each(inOrders)('%s, %s order: has a gradient of 0 by what comes later', (name, _, order, make) => {
    // Models of images take the pixels row by row, and have no option for it.
    const model = make({
      shape: [SIZE, SIZE],
      likelihood,
      key,
      encoding: 'scaled',
      ...(name in makers && { order }),
    });
    const x = Key.of(1).uniform([2, SIZE, SIZE], { max: VALUES - 1 });
    const size = influence((input) => model.conditionals(input), x, DIMS);
    for (let d = 0; d < DIMS; d++) {
      order.forEach((entry, j) => {
        if (j >= d) expect(size[d]![entry]).toBe(0);
        if (j === d - 1 && d % SIZE > 0) expect(size[d]![entry]).toBeGreaterThan(0);
      });
    }
    x.dispose();
    model.dispose();
  });

  it.each(Object.entries(allMakers))('%s: a value changes no bit of what comes before', (_, make) => {
    for (const encoding of ['raw', 'scaled', 'one-hot'] as const) {
      const model = make({ shape: [SIZE, SIZE], likelihood, key, encoding });
      tf.tidy(() => {
        const x = tf.floor(Key.of(2).uniform([1, DIMS], { max: VALUES }));
        const at = model.conditionals(square(x)).arraySync() as number[][][];
        for (let j = 0; j < DIMS; j++) {
          const other = tf.mod(tf.add(x, tf.oneHot([j], DIMS)), VALUES);
          const moved = model.conditionals(square(other)).arraySync() as number[][][];
          expect(moved[0]!.slice(0, j + 1)).toEqual(at[0]!.slice(0, j + 1));
          // The first pixel of a row may be out of reach of the last one of the row before.
          if (j % SIZE < SIZE - 1) expect(moved[0]![j + 1]).not.toEqual(at[0]![j + 1]);
        }
      });
      model.dispose();
    }
  });
});

const square = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [-1, SIZE, SIZE]);

describe('gatedPixelCnn', () => {
  it('sees every pixel that came before, where masked kernels have a blind spot', () => {
    const [side, last] = [5, 17]; // row 3, column 2: pixels 0 to 16 come before
    const seen = (model: AutoregressiveModel): number[] => {
      const x = Key.of(1).uniform([1, side, side], { max: VALUES - 1 });
      const size = influence((input) => model.conditionals(input), x, side * side)[last]!;
      tf.dispose(x);
      model.dispose();
      return size.flatMap((value, pixel) => (value > 0 ? [pixel] : []));
    };
    const options = { shape: [side, side], likelihood, key, encoding: 'scaled' as const, hidden: 8 };
    const before = Array.from({ length: last }, (_, pixel) => pixel);
    expect(seen(gatedPixelCnn({ ...options, blocks: 3, reaches: [2, 2] }))).toEqual(before);
    expect(seen(pixelCnn({ ...options, blocks: 3, kernelSizes: [3, 3] }))).not.toContain(14);
  });
});

describe('MaskedConv2d', () => {
  it('sees what its option says, for kernels of several sizes', () => {
    for (const kernelSize of [1, 3, 5]) {
      for (const option of ['A', 'B'] as const) {
        if (kernelSize === 1 && option === 'A') continue; // sees nothing at all
        const layer = new MaskedConv2d({ inputs: 1, outputs: 2, kernelSize, option, key });
        const x = Key.of(1).normal([1, 5, 5, 1]);
        const flat = (input: tf.Tensor): tf.Tensor => tf.reshape(layer.apply(input), [1, 25, 2]);
        const middle = influence(flat, x, 25)[12]!;
        const half = (kernelSize - 1) / 2;
        middle.forEach((value, pixel) => {
          const [row, column] = [Math.floor(pixel / 5), pixel % 5];
          const isUnder = Math.abs(row - 2) <= half && Math.abs(column - 2) <= half;
          expect(value > 0).toBe(isUnder && (option === 'A' ? pixel < 12 : pixel <= 12));
        });
        x.dispose();
        layer.dispose();
      }
    }
  });

  it.each([1, 3, 5])('steps to what it gives for images of %s columns', (width) => {
    for (const kernelSize of [1, 3, 5]) {
      for (const option of ['A', 'B'] as const) {
        const layer = new MaskedConv2d({ inputs: 2, outputs: 3, kernelSize, option, key });
        tf.tidy(() => {
          const x = Key.of(1).normal([2, 3, width, 2]);
          const pixels = tf.unstack(tf.reshape(x, [2, 3 * width, 1, 1, 2]), 1);
          let state = layer.windowBefore(2, width);
          const outputs = pixels.map((pixel, index) => {
            const input = option === 'B' ? pixel : (pixels[index - 1] ?? tf.zerosLike(pixel));
            const place = { width, column: tf.tensor1d([index % width], 'int32') };
            const taken = layer.step(input, state, place);
            state = taken.state;
            return taken.output;
          });
          expect(tf.stack(outputs, 1).dataSync()).toBeCloseToArray(layer.apply(x).dataSync());
        });
        layer.dispose();
      }
    }
  });

  it('refuses an even kernel', () => {
    const sizes = { inputs: 1, outputs: 1, kernelSize: 2, option: 'A', key } as const;
    expect(() => new MaskedConv2d(sizes)).toThrow('odd');
    expect(() => pixelCnn({ shape: [2, 2], likelihood, key, hidden: 3, blocks: 1 })).toThrow('even');
    expect(() => gatedPixelCnn({ shape: [4], likelihood, key, hidden: 3, blocks: 1 })).toThrow(
      '[height, width]',
    );
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
