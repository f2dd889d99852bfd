import { expect, it } from 'vitest';
import {
  dequantizationGain,
  forwardLogDensity,
  langevinDeviation,
  mixture,
  traceEstimates,
} from './wrong-and-right';

it('gives a mixture per dimension modes that the joint mixture does not have', () => {
  const components = { mean: 3, std: 0.5 };
  const [mode, corner] = [mixture([3, 3], components), mixture([3, -3], components)];
  expect(corner.wrong).toBeCloseTo(mode.wrong, 10);
  expect(mode.right).toBeCloseTo(-Math.log(2 * Math.PI * 0.25) - Math.LN2, 6);
  expect(corner.right).toBeCloseTo(mode.right + Math.LN2 - 72, 4);
});

it('integrates the right mixture to one', () => {
  const width = 0.05;
  let mass = 0;
  for (let x = -6; x < 6; x += width) {
    for (let y = -6; y < 6; y += width)
      mass += Math.exp(mixture([x, y], { mean: 2, std: 0.5 }).right) * width ** 2;
  }
  expect(mass).toBeCloseTo(1, 6);
});

it('keeps Langevin chains at unit deviation with the right noise, and freezes them with less', () => {
  const chain = { stepSize: 0.01, steps: 2000 };
  expect(langevinDeviation({ ...chain, noise: Math.sqrt(0.02) })).toBeCloseTo(1, 2);
  expect(langevinDeviation({ ...chain, noise: 0.05 })).toBeCloseTo(0.354, 2);
});

it('shows that the listing of the diffusion model scores its own output', () => {
  const { wrong, right } = forwardLogDensity(0.5);
  expect(right).toBeCloseTo(-0.5 * Math.log(2 * Math.PI * Math.E * 0.5), 10);
  expect(wrong).toBeGreaterThan(right + 0.4);
});

it('counts what half-width noise is worth on 64 pixels', () => {
  expect(dequantizationGain({ dims: 64, share: 0.5 })).toBeCloseTo(44.36, 2);
});

it('has the trace by all vectors of signs, where the listing has nothing', () => {
  const matrix = [
    [-1, 0.4, 0.1],
    [0.2, 0.5, -0.3],
    [0.7, 0.1, -0.2],
  ];
  const { wrong, right, truth } = traceEstimates(matrix, 8);
  expect(truth).toBeCloseTo(-0.7, 12);
  expect(right).toBeCloseTo(truth, 12);
  expect(wrong).toBeCloseTo(0, 12);
});
