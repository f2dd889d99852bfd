import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { Key } from '../random/key';
import { mlp } from './mlp';

describe('mlp', () => {
  it('has dense layers with an activation between them and none at the end', () => {
    const network = mlp([3, 5, 4, 2], { key: Key.of(0), activation: 'leakyRelu' });
    expect([...network.parameters()].map(([path, { shape }]) => [path, shape])).toEqual([
      ['0/kernel', [3, 5]],
      ['0/bias', [5]],
      ['2/kernel', [5, 4]],
      ['2/bias', [4]],
      ['4/kernel', [4, 2]],
      ['4/bias', [2]],
    ]);
    network.dispose();
  });

  it('can end in an activation', () => {
    const network = mlp([3, 4, 2], { key: Key.of(1), outputActivation: 'softplus' });
    const y = tf.tidy(() => network.apply(Key.of(2).normal([50, 3])).dataSync());
    expect(Math.min(...y)).toBeGreaterThan(0);
    network.dispose();
  });

  it('draws each layer from a key of its own', () => {
    const network = mlp([4, 4, 4], { key: Key.of(0) });
    const [first, second] = ['0/kernel', '2/kernel'].map((path) =>
      network.parameters().get(path)!.dataSync(),
    );
    expect(first).not.toEqual(second);
    network.dispose();
  });

  it('refuses sizes that make no network', () => {
    const codes = [[3], [3, 0], [3, 2.5]].map((sizes) => {
      try {
        mlp(sizes, { key: Key.of(0) });
        return 'none';
      } catch (error) {
        return DgmError.is(error) ? error.code : String(error);
      }
    });
    expect(codes).toEqual(['argument', 'argument', 'argument']);
  });
});
