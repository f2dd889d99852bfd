import {
  categoricalHead,
  discretizedLogisticHead,
  DgmError,
  Key,
  logisticPixelMixtureHead,
  normalHead,
} from '@dgm/core';
import type { DistributionHead } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gatedPixelCnn, made, transformerArm, waveNet, zigZagOrder } from '../src/index';
import type { AutoregressiveModel } from '../src/index';

const shape = [2, 3];
const levels = 4;
const key = Key.of(0);
const likelihood = categoricalHead({ shape: [], levels });
const models: Readonly<Record<string, () => AutoregressiveModel>> = {
  'a WaveNet': () => waveNet({ shape, likelihood, hidden: 4, dilations: [1, 2], key }),
  'a transformer in zigzag': () =>
    transformerArm({ shape, likelihood, features: 4, heads: 2, blocks: 1, order: zigZagOrder(shape), key }),
  'a MADE of logistics': () =>
    made({ shape, likelihood: discretizedLogisticHead({ shape: [], levels }), hidden: [8], key }),
  'a gated PixelCNN': () => gatedPixelCnn({ shape, likelihood, hidden: 4, blocks: 1, key }),
  'a WaveNet with a context': () =>
    waveNet({ shape, likelihood, hidden: 4, dilations: [1, 2], contextSize: 2, key }),
};

describe.each(Object.entries(models))('the conditional loop of %s', (_, make) => {
  it('gives log-probabilities that sum to those of the examples', () => {
    const model = make();
    const [n, size] = [3, 6];
    const values = Array.from({ length: n * size }, (_, index) => (index * index) % levels);
    const context = model.contextSize === 0 ? undefined : key.normal([n, 2]);
    const x = tf.tensor(values, [n, ...shape]);
    expectNoLeaks(() => {
      tf.tidy(() => {
        const loop = model.conditionalLoop(n, context && { context });
        let { logProb, ...state } = loop.start(loop.inputs);
        const sums = new Array<number>(n).fill(0);
        loop.order.forEach((at, variable) => {
          const table = logProb!.arraySync() as number[][];
          const column = table.map((_, row) => values[row * size + at]!);
          column.forEach((value, row) => (sums[row]! += table[row]![value]!));
          expect(Math.abs(table[0]!.reduce((sum, nats) => sum + Math.exp(nats), 0) - 1)).toBeLessThan(1e-5);
          if (variable + 1 < size) {
            ({ logProb, ...state } = loop.next(state, tf.tensor1d(column), loop.inputs));
          }
        });
        const expected = model.logProb(context === undefined ? x : { x, context }).dataSync();
        sums.forEach((sum, row) => expect(sum).toBeCloseTo(expected[row]!, 4));
      });
    });
    tf.dispose([x, context ?? []]);
    model.dispose();
  });
});

it.each<[string, DistributionHead, readonly number[]]>([
  ['densities', normalHead({ shape: [] }), [6]],
  ['pixels of several channels', logisticPixelMixtureHead({ shape: [3], levels: 4, components: 2 }), [2, 3]],
])('refuses %s', (_, head, of) => {
  const model = waveNet({ shape: of, likelihood: head, hidden: 4, dilations: [1], key });
  const code = () => {
    try {
      model.conditionalLoop(2);
    } catch (error) {
      return DgmError.is(error) ? error.code : error;
    }
    return 'none';
  };
  expect(code()).toBe('unsupported');
  model.dispose();
});
