import { DgmError, DiscretizedLogistic, Key, mlp } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { channelConditionalEntropy } from './channel-conditional';
import { LogisticCode } from './code-distribution';
import type { EntropyModel } from './entropy-model';
import { factorizedEntropy } from './factorized';
import { hyperpriorEntropy } from './hyperprior';
import { neuralCompressor } from './neural-compressor';

const key = Key.of(0);
const failure = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return DgmError.is(error) ? error.code : error;
  }
  return 'none';
};

describe('the distribution of a code', () => {
  // Log-weights, means and log-scales of one entry with two components.
  const parameters = () => tf.tensor2d([[0.2, -0.4, -1, 2.5, 0.3, -1]]);
  const size = { entries: 1, components: 2 };

  it('is a difference of logistic distribution functions, at integers and between', () => {
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const mass = (y: number, mean: number, logScale: number) =>
      sigmoid((y + 0.5 - mean) / Math.exp(logScale)) - sigmoid((y - 0.5 - mean) / Math.exp(logScale));
    const weight = 1 / (1 + Math.exp(-0.6));
    for (const y of [-3, 0.25, 2, 7]) {
      const expected = Math.log(weight * mass(y, -1, 0.3) + (1 - weight) * mass(y, 2.5, -1));
      const actual = tf.tidy(
        () => new LogisticCode(parameters(), size).logProb(tf.tensor2d([[y]])).dataSync()[0]!,
      );
      expect(actual).toBeCloseTo(expected, 5);
    }
  });

  it('sums to 1 over the integers, and draws them', () => {
    tf.tidy(() => {
      const distribution = new LogisticCode(parameters(), size);
      const logProb = distribution
        .logProb(tf.reshape(tf.range(-60, 60), [120, 1, 1]))
        .dataSync() as Float32Array;
      expect(logProb.reduce((sum, each) => sum + Math.exp(each), 0)).toBeCloseTo(1, 5);
      const drawn = distribution.sample(key, 4000).dataSync();
      const share = drawn.filter((each) => each === 2).length / 4000;
      expect(share).toBeCloseTo(Math.exp(logProb[62]!), 1);
    });
  });

  it('draws numbers from scales that are beyond float32', () => {
    tf.tidy(() => {
      const wide = new LogisticCode(tf.tensor2d([[0, 0, 95]]), { entries: 1, components: 1 });
      expect(Math.max(...wide.sample(key, 100).dataSync().map(Math.abs))).toBeLessThan(1e9);
    });
  });

  it('has the mass of DiscretizedLogistic', () => {
    tf.tidy(() => {
      const y = tf.tensor2d([[-9], [0], [30]]);
      const own = new LogisticCode(tf.tensor2d([[0, 1.5, 0.7]]), { entries: 1, components: 1 });
      const logistic = new DiscretizedLogistic(1.5, { logScale: tf.scalar(0.7) });
      const expected = logistic.logProb(y).dataSync();
      own
        .logProb(y)
        .dataSync()
        .forEach((each, at) => expect(each).toBeCloseTo(expected[at]!, 5));
    });
  });
});

/** The parameters of entry 0 of part `part` change with what comes before it. */
const depends = (model: EntropyModel, before: (value: number) => tf.Tensor[]): boolean =>
  tf.tidy(() => {
    const at = (value: number) =>
      model
        .given(before(value), {})
        .logProb(tf.zeros([1, model.parts.at(-1)!]))
        .dataSync()[0]!;
    return at(0) !== at(3);
  });

describe('entropy models', () => {
  it('share distributions by channel, and have some for each rate', () => {
    const model = factorizedEntropy({ size: 6, channels: 2, rates: 2, components: 1 });
    const [table] = [...model.parameters().values()];
    table!.assign(tf.tensor2d([[0, 0, 1, -1, 0, 0], [0, 0, 5, 9, 0, 0]])); // prettier-ignore
    tf.tidy(() => {
      const best = (weights: number[]) =>
        tf
          .argMax(
            model
              .given([], { context: tf.tensor2d([weights]) })
              .logProb(tf.reshape(tf.range(-20, 20), [40, 1, 1])),
            0,
          )
          .dataSync();
      expect(Array.from(best([1, 0])).map((at) => at - 20)).toEqual([1, -1, 1, -1, 1, -1]);
      expect(Array.from(best([0, 1])).map((at) => at - 20)).toEqual([5, 9, 5, 9, 5, 9]);
      expect(Array.from(best([0.5, 0.5])).map((at) => at - 20)).toEqual([3, 4, 3, 4, 3, 4]);
    });
    model.dispose();
  });

  it('code side information before what it tells of', () => {
    const model = hyperpriorEntropy({
      size: 4,
      encoder: mlp([4, 2], { key }),
      decoder: mlp([2, 12], { key }),
      side: factorizedEntropy({ size: 2 }),
    });
    expect(model.parts).toEqual([2, 4]);
    expect(depends(model, (value) => [tf.fill([1, 2], value)])).toBe(true);
    model.dispose();
  });

  it('code groups one after the other', () => {
    const networks = [mlp([1, 6], { key }), mlp([3, 3], { key })];
    const model = channelConditionalEntropy({ groups: [1, 2, 1], networks });
    expect(model.parts).toEqual([1, 2, 1]);
    expect(depends(model, (value) => [tf.zeros([1, 1]), tf.fill([1, 2], value)])).toBe(true);
    tf.tidy(() => {
      const y = tf.tensor2d([[1, 2, 3, 4]]);
      expect(Array.from(model.join(model.split(y, {})).dataSync())).toEqual([1, 2, 3, 4]);
    });
    model.dispose();
  });

  const factorized = () => factorizedEntropy({ size: 2 });
  it.each<[string, () => unknown, string]>([
    ['channels that do not divide the size', () => factorizedEntropy({ size: 4, channels: 3 }), 'argument'],
    ['an unknown option', () => factorizedEntropy({ size: 4, channel: 2 } as never), 'argument'],
    ['a missing size', () => factorizedEntropy({} as never), 'argument'],
    ['no side information', () => hyperpriorEntropy({ size: 4 } as never), 'argument'],
    ['too few networks', () => channelConditionalEntropy({ groups: [1, 1], networks: [] }), 'argument'],
    [
      'a compressor of other rates',
      () =>
        neuralCompressor({
          eventShape: [2],
          encoder: (x) => x,
          decoder: (x) => x,
          entropyModel: factorized(),
          beta: [1, 2],
        }),
      'argument',
    ],
    [
      'a beta of 0',
      () =>
        neuralCompressor({
          eventShape: [2],
          encoder: (x) => x,
          decoder: (x) => x,
          entropyModel: factorized(),
          beta: 0,
        }),
      'argument',
    ],
    [
      'a range from above to below',
      () =>
        neuralCompressor({
          eventShape: [2],
          encoder: (x) => x,
          decoder: (x) => x,
          entropyModel: factorized(),
          range: [1, 0],
        }),
      'argument',
    ],
    [
      'an encoder of another size',
      () =>
        neuralCompressor({
          eventShape: [3],
          encoder: (x) => x,
          decoder: (x) => x,
          entropyModel: factorized(),
        }).rate(tf.zeros([1, 3])),
      'shape',
    ],
    [
      'a rate that there is not',
      () =>
        neuralCompressor({
          eventShape: [2],
          encoder: (x) => x,
          decoder: (x) => x,
          entropyModel: factorized(),
        }).rate(tf.zeros([1, 2]), { rate: 1 }),
      'argument',
    ],
  ])('refuse %s', (_, act, code) => {
    // What a refused call has made is not its concern here.
    tf.tidy(() => {
      expect(failure(act)).toBe(code);
    });
  });
});
