import { categoricalHead, Key, logisticPixelMixtureHead } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { AutoregressiveModel } from '../src/index';
import { allMakers, makers } from './arm.cases';

const SHAPE = [2, 2, 3];
const PIXELS = 4;
const likelihood = logisticPixelMixtureHead({ shape: [3], levels: 4, components: 2 });
const key = Key.of(0);
const order = [3, 1, 0, 2];

describe.each(Object.entries(allMakers))('%s over pixels with channels', (name, make) => {
  const places = name in makers ? order : [0, 1, 2, 3];
  const withModel = (use: (model: AutoregressiveModel) => void): void => {
    const model = make({ shape: SHAPE, likelihood, key, ...(name in makers && { order }) });
    tf.tidy(() => use(model));
    model.dispose();
  };

  it('draws the same, cached, by full passes and predictively', () => {
    withModel((model) => {
      const draw = (method?: 'full' | 'predictive') => [
        ...model.sample(Key.of(3), 8, method && { method }).dataSync(),
      ];
      const expected = draw('full');
      expect(new Set(expected).size).toBe(4);
      expect(draw()).toEqual(expected);
      expect(draw('predictive')).toEqual(expected);
    });
  });

  it('sees all channels of the pixels before, and none of its own or of later ones', () => {
    withModel((model) => {
      const x = tf.floor(Key.of(2).uniform([1, ...SHAPE], { max: 4 }));
      const at = model.conditionals(x).arraySync() as number[][][];
      for (let entry = 0; entry < 3 * PIXELS; entry++) {
        const place = places.indexOf(Math.floor(entry / 3));
        const other = tf.mod(tf.add(x, tf.reshape(tf.oneHot([entry], 3 * PIXELS), [1, ...SHAPE])), 4);
        const moved = model.conditionals(other).arraySync() as number[][][];
        expect(moved[0]!.slice(0, place + 1)).toEqual(at[0]!.slice(0, place + 1));
        if (place < PIXELS - 1) expect(moved[0]!.slice(place + 1)).not.toEqual(at[0]!.slice(place + 1));
      }
    });
  });
});

describe('pixels with channels', () => {
  const make = allMakers['gatedPixelCnn']!;

  it('are given as a whole', () => {
    const model = make({ shape: SHAPE, likelihood, key });
    tf.tidy(() => {
      const values = tf.fill([2, ...SHAPE], 1);
      const known = Array.from({ length: 3 * PIXELS }, (_, entry) => entry < 3);
      const sample = model.sample(key, 2, { given: { values, known } });
      expect([...tf.slice(sample, 0, [2, 1, 1, 3]).dataSync()]).toEqual(new Array(6).fill(1));
      known[1] = false;
      expect(() => model.sample(key, 2, { given: { values, known } })).toThrow('all 3 channels');
      expect(() => model.sample(key, 2, { temperature: 0.5 })).toThrow('one value');
    });
    model.dispose();
  });

  it('may have channels that are independent given the pixels before', () => {
    const independent = categoricalHead({ shape: [3], levels: 4 });
    const model = make({ shape: SHAPE, likelihood: independent, key });
    tf.tidy(() => {
      const x = model.sample(key, 5);
      expect(x.shape).toEqual([5, ...SHAPE]);
      expect(model.logProb(x).shape).toEqual([5]);
    });
    model.dispose();
  });

  it('have to be the last axis of the shape', () => {
    expect(() => make({ shape: [2, 2], likelihood, key })).toThrow('[height, width, channels]');
    expect(() => allMakers['made']!({ shape: [2, 2], likelihood, key })).toThrow('channels of a pixel');
  });
});
