import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { Key } from '../random/key';
import { Dense } from './dense';
import { maskedWeight } from './masked';
import { spectralNorm, type SpectralNormOptions } from './spectral-norm';
import { weightNorm } from './weight-norm';

const key = Key.of(5);
const size = { inputs: 4, outputs: 3, key };

/** The kernel that a layer without bias applies. */
function kernelOf(layer: Dense, training = false): number[][] {
  return tf.tidy(() => layer.apply(tf.eye(4), { training }).arraySync() as number[][]);
}

/** The largest singular value, by many steps of power iteration in doubles. */
function spectralNormOf(kernel: number[][]): number {
  let v = kernel[0]!.map((_, column) => 1 + column / 7);
  let sigma = 0;
  for (let step = 0; step < 2000; step++) {
    const u = kernel.map((row) => row.reduce((sum, entry, column) => sum + entry * v[column]!, 0));
    const w = v.map((_, column) => kernel.reduce((sum, row, index) => sum + row[column]! * u[index]!, 0));
    const length = Math.hypot(...w);
    sigma = Math.sqrt(length);
    v = w.map((entry) => entry / length);
  }
  return sigma;
}

describe('weightNorm', () => {
  it('starts at the kernel that the layer has without', () => {
    const [plain, normalized] = [
      new Dense({ ...size, bias: false }),
      new Dense({ ...size, bias: false, weight: weightNorm() }),
    ];
    expect(kernelOf(normalized)).toBeCloseToArray(kernelOf(plain));
    plain.dispose();
    normalized.dispose();
  });

  it('does not depend on the length of the direction', () => {
    const layer = new Dense({ ...size, bias: false, weight: weightNorm() });
    const before = kernelOf(layer);
    const direction = layer.parameters().get('kernel/direction')!;
    tf.tidy(() => direction.assign(tf.mul(direction, 3)));
    expect(kernelOf(layer)).toBeCloseToArray(before);
    layer.dispose();
  });
});

describe('spectralNorm', () => {
  const make = (options?: SpectralNormOptions): Dense =>
    new Dense({ ...size, bias: false, weight: spectralNorm(options) });

  it.each([1, 0.9, 0.5])('gives the kernel the norm %d', (coefficient) => {
    const layer = make({ coefficient });
    for (let call = 0; call < 50; call++) kernelOf(layer, true);
    expect(spectralNormOf(kernelOf(layer))).toBeCloseTo(coefficient, 4);
    layer.dispose();
  });

  it('can leave small kernels alone and still bound large ones', () => {
    const layer = make({ coefficient: 0.9, shrinkOnly: true });
    const raw = layer.parameters().get('kernel/raw')!;
    const norms = [0.1, 10].map((scale) => {
      tf.tidy(() => raw.assign(tf.mul(raw, scale / spectralNormOf(raw.arraySync() as number[][]))));
      for (let call = 0; call < 50; call++) kernelOf(layer, true);
      return spectralNormOf(kernelOf(layer));
    });
    expect(norms[0]).toBeCloseTo(0.1, 4);
    expect(norms[1]).toBeCloseTo(0.9, 4);
    layer.dispose();
  });

  it('moves its vectors while training only', () => {
    const layer = make();
    const vector = (): number[] => Array.from(layer.parameters().get('kernel/u')!.dataSync());
    const start = vector();
    const raw = layer.parameters().get('kernel/raw')!;
    tf.tidy(() => raw.assign(key.fold('other').normal([4, 3])));
    kernelOf(layer);
    expect(vector()).toEqual(start);
    kernelOf(layer, true);
    expect(vector()).not.toEqual(start);
    layer.dispose();
  });

  it('keeps its vectors out of what an optimizer changes', () => {
    const layer = make();
    const learned = [...layer.parameters()].filter(([, { trainable }]) => trainable).map(([path]) => path);
    expect(learned).toEqual(['kernel/raw']);
    layer.dispose();
  });

  it('has a right gradient when one loss calls the layer twice', () => {
    const layer = make();
    const raw = layer.parameters().get('kernel/raw')!;
    const x = key.fold('x').normal([5, 4]);
    const gradient = (calls: number): Float32Array | Int32Array | Uint8Array =>
      tf.tidy(() => {
        const loss = (): tf.Scalar => {
          const terms = Array.from({ length: calls }, () =>
            tf.sum(tf.square(layer.apply(x, { training: true }))),
          );
          return tf.div(tf.addN(terms), calls) as tf.Scalar;
        };
        return tf.variableGrads(loss, [raw]).grads[raw.name]!.dataSync();
      });
    // After many calls the vectors rest, so that both calls see the same ones.
    for (let call = 0; call < 100; call++) kernelOf(layer, true);
    expect(gradient(2)).toBeCloseToArray(gradient(1), { relative: 1e-3, absolute: 1e-5 });
    x.dispose();
    layer.dispose();
  });

  it('refuses a coefficient of 0 and half a step', () => {
    for (const options of [{ coefficient: 0 }, { coefficient: NaN }, { iterations: 0.5 }]) {
      expect(codeOf(() => spectralNorm(options))).toBe('argument');
    }
  });
});

describe('maskedWeight', () => {
  it('keeps hidden entries and their gradients at exactly 0', () => {
    const mask = [1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 0, 1];
    const layer = new Dense({ ...size, bias: false, weight: maskedWeight(mask) });
    const zeros = (values: readonly number[]): number[] => values.map((value) => (value === 0 ? 0 : 1));
    expect(zeros(kernelOf(layer).flat())).toEqual(mask);

    const raw = layer.parameters().get('kernel/raw')!;
    const gradient = tf.tidy(() => {
      const loss = (): tf.Scalar => tf.sum(tf.square(layer.apply(key.normal([5, 4]))));
      return Array.from(tf.variableGrads(loss, [raw]).grads[raw.name]!.dataSync());
    });
    expect(zeros(gradient)).toEqual(mask);
    layer.dispose();
  });

  it('refuses a mask of another size and leaves nothing behind', () => {
    expectNoLeaks(() =>
      expect(codeOf(() => new Dense({ ...size, weight: maskedWeight([1, 0]) }))).toBe('shape'),
    );
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return DgmError.is(error) ? error.code : String(error);
  }
  return 'no error';
}
