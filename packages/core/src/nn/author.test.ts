import { describeLayer } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Key } from '../random/key';
import { BaseDataDependentLayer } from './data-dependent-init';
import { Dense } from './dense';
import { BaseWeight } from './weight';

/** A kernel that is the square of its parameter: what an author of a parametrization writes. */
class Squared extends BaseWeight {
  readonly #root: Variable;

  constructor(initial: Tensor) {
    super();
    this.#root = this.parameter('root', initial);
  }

  value(): Tensor {
    return tf.square(this.#root);
  }
}

/** A layer that subtracts the mean of the first batch: what an author of a data-dependent layer writes. */
class Centered extends BaseDataDependentLayer {
  readonly #center: Variable & Scalar = this.parameter('center', tf.scalar(0));

  protected forward(x: Tensor): Tensor {
    return tf.sub(x, this.#center);
  }

  protected fit(x: Tensor): void {
    this.#center.assign(tf.mean(x));
  }
}

describeLayer({
  'Dense with a BaseWeight': () => ({
    make: (key) => new Dense({ inputs: 3, outputs: 2, key, weight: (initial) => new Squared(initial) }),
    input: [
      [0.5, -1, 2],
      [1, 0.3, -0.7],
    ],
    outputShape: [2, 2],
    wrongShapes: [[2, 4]],
  }),
  BaseDataDependentLayer: () => ({ make: () => new Centered(), input: [1, 2, 4], outputShape: [3] }),
});

describe('BaseDataDependentLayer', () => {
  it('fits the first batch and leaves later ones alone, also after its weights were copied', () => {
    const [layer, copy] = [new Centered(), new Centered()];
    tf.tidy(() => {
      expect(layer.initialize(tf.tensor1d([1, 3])).dataSync()).toBeCloseToArray([-1, 1]);
      expect(layer.initialize(tf.tensor1d([10, 20])).dataSync()).toBeCloseToArray([8, 18]);
      for (const [path, variable] of layer.parameters()) copy.parameters().get(path)!.assign(variable);
      expect(copy.initialize(tf.tensor1d([10, 20])).dataSync()).toBeCloseToArray([8, 18]);
    });
    layer.dispose();
    copy.dispose();
  });
});

describe('BaseWeight', () => {
  it('puts its parameter under the path of the weight that it stands for', () => {
    const options = { inputs: 1, outputs: 1, key: Key.of(0) };
    const layer = new Dense({ ...options, weight: (initial) => new Squared(initial) });
    expect([...layer.parameters().keys()].some((path) => path.endsWith('/root'))).toBe(true);
    layer.dispose();
  });
});
