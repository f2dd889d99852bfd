import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Key } from '../random/key';
import { ActNorm } from './act-norm';
import { ActivationLayer } from './activation';
import { initializeFromData } from './data-dependent-init';
import { Dense } from './dense';
import { Residual } from './residual';
import { Sequential } from './sequential';

/** Rows with the means 5, -5, 5 and the standard deviations 2, 4, 6. */
function batch(seed: number): Tensor {
  return tf.tidy(() => tf.add(tf.mul(Key.of(seed).normal([200, 3]), [2, 4, 6]), [5, -5, 5]));
}

function momentsOf(y: Tensor): { mean: number[]; deviation: number[] } {
  return tf.tidy(() => {
    const { mean, variance } = tf.moments(y, 0);
    return { mean: Array.from(mean.dataSync()), deviation: Array.from(tf.sqrt(variance).dataSync()) };
  });
}

describe('ActNorm', () => {
  it('is the identity until it is initialized, and standardizes the first batch then', () => {
    const layer = new ActNorm({ features: 3 });
    const x = batch(1);
    const before = tf.tidy(() => layer.apply(x).dataSync());
    expect(before).toEqual(x.dataSync());

    const y = layer.initialize(x);
    const { mean, deviation } = momentsOf(y);
    expect(mean).toBeCloseToArray([0, 0, 0], { absolute: 1e-5 });
    expect(deviation).toBeCloseToArray([1, 1, 1], { absolute: 1e-5 });
    tf.dispose([x, y]);
    layer.dispose();
  });

  it('is initialized once, also after its weights were loaded', () => {
    const [layer, loaded] = [new ActNorm({ features: 3 }), new ActNorm({ features: 3 })];
    const [first, second] = [batch(1), batch(2)];
    layer.initialize(first).dispose();
    for (const [path, variable] of loaded.parameters()) variable.assign(layer.parameters().get(path)!);
    for (const each of [layer, loaded]) {
      const shift = each.shift.dataSync();
      each.initialize(second).dispose();
      expect(each.shift.dataSync()).toEqual(shift);
    }
    tf.dispose([first, second]);
    layer.dispose();
    loaded.dispose();
  });

  it('stays finite for a feature that is constant in the batch', () => {
    const layer = new ActNorm({ features: 2 });
    const x = tf.ones([4, 2]);
    const y = layer.initialize(x);
    expect(y.dataSync()).toBeCloseToArray(new Float32Array(8));
    tf.dispose([x, y]);
    layer.dispose();
  });
});

describe('initializeFromData', () => {
  it('gives each layer of a nested chain what the ones before make of the batch', () => {
    const key = Key.of(3);
    const inner = new ActNorm({ features: 4 });
    const outer = new ActNorm({ features: 3 });
    const chain = new Sequential([
      outer,
      new Dense({ inputs: 3, outputs: 4, key }),
      new Residual({ body: new Sequential([inner, new ActivationLayer('relu')]) }),
    ]);
    const x = batch(4);
    const y = expectNoLeaks(() => {
      const output = initializeFromData(chain, x);
      const values = output.dataSync();
      output.dispose();
      return values;
    });
    expect(y).toEqual(tf.tidy(() => chain.apply(x).dataSync()));

    const seenByInner = tf.tidy(() => momentsOf(inner.apply(chain.layers[1]!.apply(outer.apply(x)))));
    expect(seenByInner.mean).toBeCloseToArray([0, 0, 0, 0], { absolute: 1e-5 });
    expect(seenByInner.deviation).toBeCloseToArray([1, 1, 1, 1], { absolute: 1e-5 });
    x.dispose();
    chain.dispose();
  });

  it('gives a layer without data-dependent parameters its plain output', () => {
    const layer = new Dense({ inputs: 3, outputs: 2, key: Key.of(0) });
    const x = batch(5);
    const values = tf.tidy(() => [initializeFromData(layer, x), layer.apply(x)].map((y) => y.dataSync()));
    expect(values[0]).toEqual(values[1]);
    x.dispose();
    layer.dispose();
  });
});
