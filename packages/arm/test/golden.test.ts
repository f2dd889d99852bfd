import { readFileSync } from 'node:fs';
import { categoricalHead, countParameters, Key, trainable } from '@dgm/core';
import type { Module } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { CausalConv1d, convArm } from '../src/index';

interface Weights {
  readonly kernel: number[];
  readonly bias: number[];
}
interface Convolution extends Weights {
  readonly option: 'A' | 'B';
  readonly kernelSize: number;
  readonly dilation: number;
  readonly x: number[];
  readonly y: number[];
}
interface Golden {
  readonly convolutions: readonly Convolution[];
  readonly model: {
    readonly hidden: number;
    readonly values: number;
    readonly kernelSize: number;
    readonly layers: readonly Weights[];
    readonly x: number[];
    readonly logProb: number[];
  };
}

const golden = JSON.parse(readFileSync(new URL('golden/book.json', import.meta.url), 'utf8')) as Golden;

/** Kernel and bias of each layer, in their order. */
function assign(module: Module, layers: readonly Weights[]): void {
  const values = layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  [...trainable(module).values()].forEach((variable, index) =>
    tf.tidy(() => variable.assign(tf.tensor(values[index]!, variable.shape))),
  );
}

describe('the listings of the book in PyTorch', () => {
  it.each(golden.convolutions)(
    'CausalConv1d: option $option, kernel of $kernelSize, dilation $dilation',
    ({ x, y, kernel, bias, ...options }) => {
      const layer = new CausalConv1d({ inputs: 2, outputs: 3, key: Key.of(0), ...options });
      assign(layer, [{ kernel, bias }]);
      tf.tidy(() => {
        expect(layer.apply(tf.tensor(x, [2, 7, 2])).dataSync()).toBeCloseToArray(y);
      });
      layer.dispose();
    },
  );

  it('convArm: log-probabilities', () => {
    const { hidden, kernelSize, values, layers, x, logProb } = golden.model;
    const likelihood = categoricalHead({ shape: [], levels: values });
    const model = convArm({ shape: [6], likelihood, hidden, kernelSize, key: Key.of(0) });
    assign(model, layers);
    tf.tidy(() => {
      expect(model.logProb(tf.tensor(x, [3, 6])).dataSync()).toBeCloseToArray(logProb);
    });
    model.dispose();
  });

  it('convArm: as many parameters as the network of Listing 2.3 with the sizes of its code', () => {
    const model = convArm({
      shape: [8, 8],
      likelihood: categoricalHead({ shape: [], levels: 17 }),
      key: Key.of(0),
    });
    expect(countParameters(model)).toBe(950_545);
    model.dispose();
  });
});
