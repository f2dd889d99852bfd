import { adam, DgmError, fit, Key, trainable } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { neuralCodec, readLossyCodec } from '../codecs/neural-codec';
import { readContainer } from '../files/container';
import { hyperpriorEntropy } from './hyperprior';
import { neuralCompressor } from './neural-compressor';
import type { NeuralCompressor } from './neural-compressor';
import { mixedQuantizer } from './quantizer';
import { vectorCodebook } from './vector-codebook';

const key = Key.of(0);

/** The code is the example: pairs of numbers, each replaced by a vector of the codebook. */
function pairs({ codes = 4 } = {}): NeuralCompressor {
  return neuralCompressor({
    eventShape: [4],
    encoder: (x) => x,
    decoder: (y) => y,
    entropyModel: vectorCodebook({ positions: 2, codes, dims: 2, key }),
  });
}

/** Sets the vectors of a model of pairs. */
function assign(model: NeuralCompressor, codebook: readonly (readonly number[])[]): void {
  const values = tf.tensor2d(codebook.map((vector) => [...vector]));
  trainable(model).get('entropy/codebook')!.assign(values);
  values.dispose();
}

const corners = [[0, 0], [4, 0], [0, 4], [4, 4]]; // prettier-ignore

describe('a codebook of vectors', () => {
  it('replaces each vector by the nearest, which its index gives back', () => {
    const model = pairs();
    assign(model, corners);
    tf.tidy(() => {
      const x = tf.tensor2d([[1, -1, 3, 5], [0.4, 3, 9, 1]]); // prettier-ignore
      const parts = model.encode(x);
      expect(parts.map((part) => part.arraySync())).toEqual([[[0, 3], [2, 1]]]); // prettier-ignore
      expect(model.decode(parts).arraySync()).toEqual([[0, 0, 4, 4], [0, 4, 4, 0]]); // prettier-ignore
    });
    model.dispose();
  });

  it('passes gradients straight through, draws vectors and encoder together, and learns frequencies', () => {
    const commitment = 0.5;
    const entropy = vectorCodebook({ positions: 1, codes: 2, dims: 2, commitment, key });
    const [codebook, logits] = ['codebook', 'logits'].map((name) => trainable(entropy).get(name)!);
    tf.tidy(() => codebook!.assign(tf.tensor2d([[0, 0], [4, 4]]))); // prettier-ignore
    tf.tidy(() => {
      const y = tf.tensor2d([[1, 3.5]]);
      const weight = tf.tensor2d([[10, -20]]);
      const passed = tf.grad((e: tf.Tensor) => tf.sum(tf.mul(entropy.quantize!(e).decoded, weight)))(y);
      expect(passed.arraySync()).toEqual([[10, -20]]);
      // 2 commitment (e - v) in e, and 2 (v - e) in v: the nearest is (4, 4).
      const drawn = tf.grad((e: tf.Tensor) => entropy.quantize!(e).penalty!)(y);
      expect(drawn.arraySync()).toEqual([[-3, -0.5]]);
      const { grads } = tf.variableGrads(() => entropy.quantize!(y).penalty!, [codebook!]);
      expect(grads[codebook!.name]!.arraySync()).toEqual([[0, 0], [6, 1]]); // prettier-ignore
      const rate = tf.variableGrads(() => {
        const { parts } = entropy.quantize!(y);
        return tf.neg<tf.Scalar>(tf.sum(entropy.given([], {}).logProb(parts[0]!)));
      }, [logits!]);
      expect(rate.grads[logits!.name]!.arraySync()).toEqual([[0.5, -0.5]]);
    });
    entropy.dispose();
  });

  it.each<[string, () => unknown]>([
    ['a codebook of one vector', () => pairs({ codes: 1 })],
    ['an unknown option', () => vectorCodebook({ positions: 1, codes: 2, dim: 2, key } as never)],
    ['no key', () => vectorCodebook({ positions: 1, codes: 2, dims: 2 } as never)],
    [
      'it for side information',
      () =>
        hyperpriorEntropy({
          size: 2,
          encoder: (y) => y,
          decoder: (y) => y,
          side: vectorCodebook({ positions: 1, codes: 2, dims: 2, key }),
        }),
    ],
    [
      'a quantizer beside it',
      () =>
        neuralCompressor({
          eventShape: [2],
          encoder: (x) => x,
          decoder: (y) => y,
          entropyModel: vectorCodebook({ positions: 1, codes: 2, dims: 2, key }),
          quantizer: mixedQuantizer(),
        }),
    ],
  ])('refuses %s', (_, act) => {
    tf.tidy(() => {
      expect(act).toThrow(DgmError);
    });
  });
});

describe('a trained codebook', () => {
  const count = 4000;
  const noise = key.fold('noise').generator();
  /** Two points of a square, of which the first is more often at the right. */
  const values = Float32Array.from({ length: 4 * count }, (_, at) => {
    const value = 4 * noise.uniform() - 2;
    return at % 4 === 0 && noise.uniform() < 0.7 ? Math.abs(value) : value;
  });
  let model: NeuralCompressor;

  beforeAll(async () => {
    model = pairs();
    const data = { train: { count, shape: [4], values } };
    await fit(model, data, { key, optimizer: adam({ learningRate: 0.05 }), batchSize: 200, epochs: 10 });
  }, 60_000);
  afterAll(() => model.dispose());

  it('uses every vector, and takes the entropy of the indices within 1 %', () => {
    const codec = neuralCodec(model, { rows: 256 });
    const { message } = readContainer(codec.encode(values));
    const x = tf.tensor2d(values, [count, 4]);
    const indices = tf.tidy(() => model.encode(x)[0]!.dataSync());
    const nats = tf.tidy(() => tf.sum(model.rate(x)).dataSync()[0]!);
    x.dispose();
    let entropy = 0;
    for (const position of [0, 1]) {
      const counts = [0, 1, 2, 3].map(
        (index) => indices.filter((each, at) => at % 2 === position && each === index).length,
      );
      expect(Math.min(...counts)).toBeGreaterThan(count / 50);
      for (const each of counts) entropy -= each * Math.log2(each / count);
    }
    expect(entropy / (4 * count)).toBeLessThan(0.98);
    expect(Math.abs((8 * message.length) / entropy - 1)).toBeLessThan(0.01);
    expect(Math.abs((8 * message.length * Math.LN2) / nats - 1)).toBeLessThan(0.005);
  });

  it('decodes the vectors of the indices from a file', () => {
    const codec = neuralCodec(model);
    const some = values.subarray(0, 4 * 70);
    const { values: decoded } = readLossyCodec(codec.toBytes()).decode(codec.encode(some));
    const expected = tf.tidy(() => model.reconstruct(tf.tensor2d(some, [70, 4])).dataSync());
    decoded.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 5));
    // A quarter of the square has a variance of 1/3 by entry, the whole one of 4/3.
    const error = decoded.reduce((sum, value, at) => sum + (value - some[at]!) ** 2, 0) / decoded.length;
    expect(error).toBeLessThan(0.45);
  });
});
