import { compileSampler } from '@dgm/compile';
import { BaseLayer, DgmError, Key, runSamplingLoop } from '@dgm/core';
import type { CallOptions } from '@dgm/core';
import { expectNoLeaks, meanAndError, STANDARD_ERRORS } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ancestral, gaussianDiffusion, logSnrSchedule, noiseLevel } from '../src/index';
import { noisier } from '../src/schedule';

const key = Key.of(0);
const values = (x: Tensor): number[] => [...x.dataSync()];
const CORRELATION = 0.9;

/** $E[x | z]$ for two standard normal entries of that correlation: their sum and difference are independent. */
class PairDenoiser extends BaseLayer {
  protected forward(z: Tensor, { context }: CallOptions): Tensor {
    const { alpha, sigma } = noiseLevel(tf.sub(tf.mul(20, context!), 13));
    const gain = (variance: number): Tensor =>
      tf.div(tf.mul(variance, alpha), tf.add(tf.mul(variance, tf.square(alpha)), tf.square(sigma)));
    const [a, b] = tf.split(z, 2, 1) as [Tensor, Tensor];
    const [sum, difference] = [
      tf.mul(gain(1 + CORRELATION), tf.add(a, b)),
      tf.mul(gain(1 - CORRELATION), tf.sub(a, b)),
    ];
    return tf.concat([tf.mul(0.5, tf.add(sum, difference)), tf.mul(0.5, tf.sub(sum, difference))], 1);
  }
}

const model = gaussianDiffusion({
  ...{ shape: [2], parameterization: 'data', network: new PairDenoiser() },
  schedule: logSnrSchedule({ start: -8, end: 5 }),
});
const sampler = ancestral({ steps: 20 });
const GIVEN = 1.5;

it('steps that are resampled draw the other entry given the known one, and leave that as it is', () => {
  tf.tidy(() => {
    const n = 2000;
    const given = { values: tf.tile(tf.tensor2d([[GIVEN, NaN]]), [n, 1]), known: [true, false] };
    const drawn = (resamplings: number) => {
      const [known, other] = tf.split(model.sample(key, n, { sampler, given, resamplings }), 2, 1);
      expect(values(known!).every((value) => value === GIVEN)).toBe(true);
      return meanAndError(values(other!));
    };
    const truth = CORRELATION * GIVEN;
    const [once, often] = [drawn(1), drawn(8)];
    expect(Math.abs(often.mean - truth)).toBeLessThan(0.5 * Math.abs(once.mean - truth));
  });
});

it('noise that is put back has the distribution of the later time', () => {
  tf.tidy(() => {
    const [from, to] = [noiseLevel(tf.scalar(-2)), noiseLevel(tf.scalar(1))];
    const x = 0.7;
    const z = tf.add(tf.mul(x, from.alpha), tf.mul(from.sigma, key.fold('z').normal([20_000])));
    const later = values(noisier(z, { from, to }, key.fold('noise').normal([20_000])));
    const [alpha, sigma] = [to.alpha, to.sigma].map((each) => each.dataSync()[0]!) as [number, number];
    const { mean, standardError } = meanAndError(later);
    expect(Math.abs(mean - alpha * x)).toBeLessThan(STANDARD_ERRORS * standardError);
    const squares = meanAndError(later.map((each) => (each - alpha * x) ** 2));
    expect(Math.abs(squares.mean - sigma ** 2)).toBeLessThan(STANDARD_ERRORS * squares.standardError);
  });
});

it('draws the same compiled', async () => {
  const given = { values: tf.tensor2d([[GIVEN, 0]]), known: [true, false] }; // prettier-ignore
  const loop = model.samplingLoop(1, { sampler: ancestral({ steps: 3 }), given, resamplings: 2 });
  const compiled = await compileSampler(loop);
  const [eager, other] = [runSamplingLoop(loop, key), await compiled.sample(key)];
  expect(values(other)).toBeCloseToArray(values(eager));
  compiled.dispose();
  tf.dispose([eager, other, given.values]);
});

it('refuses values that are none where they are known, and leaves nothing behind', () => {
  const wrong = tf.tensor2d([[NaN, 0]]);
  const known = [true, false];
  const refused: readonly [object, 'argument' | 'domain' | 'shape'][] = [
    [{ given: { values: wrong, known } }, 'domain'],
    [{ given: { values: wrong, known: [true] } }, 'shape'],
    [{ given: { values: wrong } }, 'argument'],
    [{ resamplings: 0 }, 'argument'],
  ];
  for (const [options, code] of refused)
    expectNoLeaks(() =>
      expect(() => model.sample(key, 1, options)).toThrow(
        expect.toSatisfy((error) => DgmError.is(error, code)),
      ),
    );
  wrong.dispose();
});
