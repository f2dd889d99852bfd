import {
  asLayer,
  bernoulliHead,
  categoricalHead,
  conditional,
  Dense,
  DgmError,
  Independent,
  Key,
  Laplace,
  mlp,
  modelHead,
  normalHead,
  Sequential,
} from '@dgm/core';
import { iaf } from '@dgm/flows';
import { bottomUpVae, topDownVae, vae } from '@dgm/vae';
import type { Vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { FrequencyTable } from '../coders/frequency-table';
import { readContainer } from '../files/container';
import { bitsBackCodec } from './bits-back-codec';
import { readCodec } from './read-codec';
import { BinnedNormal, normalBins, normalCdf } from './normal-bins';

describe('bins of a normal distribution', () => {
  const bins = normalBins(8);

  it('have equal mass, and their median in them', () => {
    for (let bin = 0; bin < 256; bin++) {
      expect(normalCdf(bins.edges[bin + 1]!) - normalCdf(bins.edges[bin]!)).toBeCloseTo(1 / 256, 12);
      expect(bins.centers[bin]! > bins.edges[bin]! && bins.centers[bin]! < bins.edges[bin + 1]!).toBe(true);
    }
    // Golden values of scipy.stats.norm.ppf.
    expect(bins.edges[64]).toBeCloseTo(-0.6744897501960817, 14);
    expect(bins.edges[1]).toBeCloseTo(-2.6600674686174592, 14);
  });

  it.each([
    [0, 1],
    [0.3, 0.01],
    [-8, 0.1],
    [2, 100],
    [50, 1e-6],
  ])('are coded by a normal distribution of mean %d and deviation %d', (mean, std) => {
    const table = new BinnedNormal(bins, mean, std);
    let sum = 0;
    for (let bin = 0; bin < 256; bin++) {
      expect(table.start(bin)).toBe(sum);
      expect(table.frequency(bin)).toBeGreaterThanOrEqual(1);
      expect(table.find(sum)).toBe(bin);
      sum += table.frequency(bin);
      expect(table.find(sum - 1)).toBe(bin);
      const mass =
        normalCdf((bins.edges[bin + 1]! - mean) / std) - normalCdf((bins.edges[bin]! - mean) / std);
      expect(Math.abs(table.frequency(bin) / table.total - mass)).toBeLessThan(1e-4);
    }
    expect(sum).toBe(table.total);
    expect(table).not.toBeInstanceOf(FrequencyTable);
  });
});

describe('bitsBackCodec', () => {
  const key = Key.of(0);
  const make = (levels: number) =>
    vae({
      encoder: mlp([6, 16, 4], { key: key.fold('encoder') }),
      decoder: mlp([2, 16, 6 * levels], { key: key.fold('decoder') }),
      posterior: normalHead({ shape: [2] }),
      likelihood: categoricalHead({ shape: [6], levels }),
    });

  it('takes minus the ELBO of many examples within 1 %', () => {
    const model = make(3);
    const values = Int32Array.from({ length: 6 * 400 }, (_, index) => (index * index + (index >> 3)) % 3);
    const codec = bitsBackCodec(model);
    const file = codec.encode(values);
    expect(codec.decode(file).values).toEqual(values);
    const nats = tf.tidy(() => {
      const x = tf.tile(tf.tensor(values, [400, 6], 'float32'), [20, 1]);
      return tf.div(tf.sum(model.elbo(x, key)), 20).dataSync()[0]!;
    });
    // Without the words that the message starts with, their number and the state.
    const { message } = readContainer(file);
    const bits = 8 * (message.length - 8) - 16 * (message[0]! * 256 + message[1]!);
    const ratio = bits / (-nats / Math.LN2);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.01);
    model.dispose();
  });

  it.each(['residual', 'precision-weighted'] as const)(
    'takes minus the ELBO of a hierarchy from the top down: %s',
    (combination) => {
      const model = topDownVae({
        levels: [
          {
            latent: 3,
            prior: mlp([2, 8, 6], { key: key.fold('prior') }),
            bottomUp: mlp([6, 8, 8], { key: key.fold('up 1') }),
            evidence: mlp([8, 6], { key: key.fold('evidence 1') }),
          },
          {
            latent: 2,
            bottomUp: mlp([8, 8], { key: key.fold('up 2') }),
            evidence: mlp([8, 4], { key: key.fold('evidence 2') }),
          },
        ],
        decoder: mlp([3, 16, 18], { key: key.fold('decoder') }),
        likelihood: categoricalHead({ shape: [6], levels: 3 }),
        combination,
      });
      const values = Int32Array.from({ length: 6 * 300 }, (_, index) => (index * index + (index >> 3)) % 3);
      const codec = bitsBackCodec(model);
      const file = codec.encode(values);
      expect(readCodec(codec.toBytes()).decode(file).values).toEqual(values);
      const nats = tf.tidy(() => {
        const x = tf.tile(tf.tensor(values, [300, 6], 'float32'), [40, 1]);
        return tf.div(tf.sum(model.elbo(x, key)), 40).dataSync()[0]!;
      });
      const { message } = readContainer(file);
      const bits = 8 * (message.length - 8) - 16 * (message[0]! * 256 + message[1]!);
      expect(Math.abs(bits / (-nats / Math.LN2) - 1)).toBeLessThan(0.01);
      model.dispose();
    },
  );

  describe('of a hierarchy whose posterior goes up', () => {
    const [size, levels, latent, count] = [20, 16, 6, 100];
    /** A linear map of bounded inputs, so that random weights give no extreme scales, however deep. */
    const bounded = (inputs: number, outputs: number, name: string) =>
      new Sequential([
        asLayer((z) => tf.tanh(tf.div(z, 4))),
        new Dense({ inputs, outputs, key: key.fold(name) }),
      ]);
    const makeUp = (depth: number, connections: 'adjacent' | 'dense' = 'adjacent') =>
      bottomUpVae({
        connections,
        levels: Array.from({ length: depth }, (_, level) => ({
          latent,
          posterior: bounded(level === 0 ? size : latent, 2 * latent, `up ${level}`),
          ...(level < depth - 1 && {
            prior: bounded(
              connections === 'dense' ? (depth - 1 - level) * latent : latent,
              2 * latent,
              `down ${level}`,
            ),
          }),
        })),
        decoder: bounded(connections === 'dense' ? depth * latent : latent, size * levels, 'decoder'),
        likelihood: categoricalHead({ shape: [size], levels }),
      });
    const values = Int32Array.from(
      { length: size * count },
      (_, index) => (index * index + (index >> 3)) % levels,
    );
    const wordsOf = ({ message }: { readonly message: Uint8Array }) => message[0]! * 256 + message[1]!;

    it('takes minus the ELBO', () => {
      const model = makeUp(3);
      const codec = bitsBackCodec(model);
      const file = codec.encode(values);
      expect(readCodec(codec.toBytes()).decode(file).values).toEqual(values);
      const nats = tf.tidy(() => {
        const x = tf.tile(tf.tensor(values, [count, size], 'float32'), [20, 1]);
        return tf.div(tf.sum(model.elbo(x, key)), 20).dataSync()[0]!;
      });
      const container = readContainer(file);
      const bits = 8 * (container.message.length - 8) - 16 * wordsOf(container);
      expect(Math.abs(bits / (-nats / Math.LN2) - 1)).toBeLessThan(0.01);
      model.dispose();
    });

    it('starts with bits for z_1 alone, however many levels there are', () => {
      const words = [1, 2, 6].map((depth) => {
        const model = makeUp(depth);
        const file = bitsBackCodec(model).encode(values.subarray(0, 2 * size));
        model.dispose();
        return wordsOf(readContainer(file));
      });
      expect(words).toEqual([8, 8, 8]);
    });

    it('refuses levels that depend on others than their neighbours', () => {
      const model = makeUp(3, 'dense');
      expect(() => bitsBackCodec(model)).toThrow(/depend on its neighbour alone, got one that depends on z/);
      model.dispose();
      const two = makeUp(2, 'dense');
      expect(() => bitsBackCodec(two)).toThrow(/x to depend on z_1 alone/);
      two.dispose();
    });
  });

  it('takes minus the ELBO by a posterior that is a flow', () => {
    const head = normalHead({ shape: [3] });
    const base = new Dense({ inputs: 5, outputs: head.numParameters, key: key.fold('base') });
    // Narrower than the prior, as posteriors that were trained are.
    base
      .parameters()
      .get('bias')!
      .assign(tf.tensor1d([0, 0, 0, -1.5, -1.5, -1.5]));
    const flow = iaf({
      ...{ dims: 3, layers: 2, hidden: [8], contextSize: 5, key },
      base: conditional(base, head),
    });
    const model = vae({
      encoder: mlp([6, 16, 5], { key: key.fold('encoder') }),
      decoder: mlp([3, 16, 18], { key: key.fold('decoder') }),
      posterior: modelHead(flow, { contextSize: 5 }),
      likelihood: categoricalHead({ shape: [6], levels: 3 }),
    });
    const values = Int32Array.from({ length: 6 * 240 }, (_, index) => (index * index + (index >> 3)) % 3);
    const codec = bitsBackCodec(model);
    const file = codec.encode(values);
    expect(readCodec(codec.toBytes()).decode(file).values).toEqual(values);
    const nats = tf.tidy(() => {
      const x = tf.tile(tf.tensor(values, [240, 6], 'float32'), [50, 1]);
      return tf.div(tf.sum(model.elbo(x, key)), 50).dataSync()[0]!;
    });
    const { message } = readContainer(file);
    const bits = 8 * (message.length - 8) - 16 * (message[0]! * 256 + message[1]!);
    expect(Math.abs(bits / (-nats / Math.LN2) - 1)).toBeLessThan(0.02);
    model.dispose();
  }, 60_000);

  it.each<[string, () => Vae]>([
    [
      'a likelihood of reals',
      () =>
        vae({
          encoder: mlp([6, 4], { key }),
          decoder: mlp([2, 12], { key }),
          posterior: normalHead({ shape: [2] }),
          likelihood: normalHead({ shape: [6] }),
        }),
    ],
    [
      'a prior that is not normal',
      () =>
        vae({
          encoder: mlp([6, 4], { key }),
          decoder: mlp([2, 6], { key }),
          posterior: normalHead({ shape: [2] }),
          likelihood: bernoulliHead({ shape: [6] }),
          prior: new Independent(new Laplace(0, 1, { shape: [2] }), 1),
        }),
    ],
  ])('refuses %s', (_, build) => {
    const code = () => {
      let model: Vae | undefined;
      try {
        model = build();
        bitsBackCodec(model);
      } catch (error) {
        return DgmError.is(error) ? error.code : error;
      } finally {
        model?.dispose();
      }
      return 'none';
    };
    expect(code()).toBe('unsupported');
  });
});
