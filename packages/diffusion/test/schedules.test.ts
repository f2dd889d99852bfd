import { readFileSync } from 'node:fs';
import { DgmError } from '@dgm/core';
import '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  cosineNoiseSchedule,
  edmSchedule,
  learnedSchedule,
  linearBetaSchedule,
  logSnrSchedule,
  noiseLevel,
  sigmoidNoiseSchedule,
  subVariancePreservingSchedule,
  varianceExplodingSchedule,
} from '../src/index';
import type { NoiseSchedule } from '../src/index';

const golden = JSON.parse(readFileSync(new URL('golden/steps.json', import.meta.url), 'utf8')) as {
  readonly times: number[];
  readonly schedules: Readonly<Record<string, number[]>>;
};
const schedules: Readonly<Record<string, () => NoiseSchedule>> = {
  logSnrSchedule,
  learnedSchedule,
  cosineNoiseSchedule,
  linearBetaSchedule,
  sigmoidNoiseSchedule,
  edmSchedule,
  subVariancePreservingSchedule,
  varianceExplodingSchedule,
};
const values = (x: Tensor): number[] => [...x.dataSync()];

describe.each(Object.entries(schedules))('%s', (_, make) => {
  it('increases, and its slope is its derivative', () => {
    tf.tidy(() => {
      const schedule = make();
      const t = tf.linspace(0.002, 1, 401);
      const gamma = values(schedule.gamma(t));
      gamma.slice(1).forEach((each, index) => expect(each).toBeGreaterThan(gamma[index]!));
      const derivative = tf.grad((t) => tf.sum(schedule.gamma(t)))(t);
      expect(values(schedule.slope(t))).toBeCloseToArray(values(derivative), { relative: 1e-3 });
    });
  });

  it('keeps the shape of the times and leaves no tensor behind', () => {
    tf.tidy(() => {
      const schedule = make();
      for (const shape of [[], [3], [2, 1]]) {
        const t = tf.fill(shape, 0.3);
        const before = tf.memory().numTensors;
        const made = [schedule.gamma(t), schedule.slope(t)];
        expect(made.map((each) => each.shape)).toEqual([shape, shape]);
        tf.dispose(made);
        expect(tf.memory().numTensors).toBe(before);
      }
    });
  });
});

it.each(Object.entries(golden.schedules))('%s has the signal of the papers', (name, alphaBars) => {
  tf.tidy(() => {
    const gamma = schedules[name]!().gamma(tf.tensor1d(golden.times));
    const { alpha, sigma } = noiseLevel(gamma);
    expect(values(tf.square(alpha))).toBeCloseToArray(alphaBars, { relative: 2e-5, absolute: 1e-7 });
    expect(values(tf.square(sigma))).toBeCloseToArray(
      alphaBars.map((bar) => 1 - bar),
      { relative: 2e-5, absolute: 2e-7 },
    );
  });
});

it('noiseLevel keeps its relative accuracy at both ends', () => {
  tf.tidy(() => {
    const gamma = [-60, -13.3, -1, 0, 2, 20, 60];
    const { alpha, sigma } = noiseLevel(tf.tensor1d(gamma));
    const root = (g: number): number => Math.sqrt(1 / (1 + Math.exp(g)));
    expect(values(alpha)).toBeCloseToArray(gamma.map(root), { relative: 1e-5 });
    expect(values(sigma)).toBeCloseToArray(
      gamma.map((g) => root(-g)),
      { relative: 1e-5 },
    );
  });
});

it.each([
  ['ends the wrong way round', () => logSnrSchedule({ start: 5, end: 1 })],
  ['an end that is not finite', () => cosineNoiseSchedule({ end: Infinity })],
  ['a misspelt option', () => learnedSchedule({ begin: 1 } as never)],
  ['a rate of 0', () => linearBetaSchedule({ from: 0 })],
  ['a softness of one half', () => sigmoidNoiseSchedule({ softness: 0.5 })],
  ['rates that are not positive', () => subVariancePreservingSchedule({ to: 0 })],
  ['a smallest deviation of 0', () => varianceExplodingSchedule({ smallest: 0 })],
  ['the largest below the smallest', () => edmSchedule({ smallest: 1, largest: 0.5 })],
])('%s is refused', (_, make) => {
  expect(make).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument')));
});
