import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { dormandPrince, dormandPrinceTableau } from './dormand-prince';
import { Key } from '../random/key';
import { runSamplingLoop } from '../model/sampling-loop';
import { equalSteps, odeSamplingLoop, rungeKutta, stepAt, stepTimes } from './ode';
import type { OdeSolver, TimeInterval, VectorField } from './ode';

/** A problem with a known solution, of one part. */
interface Problem {
  readonly field: VectorField;
  readonly start: readonly number[];
  readonly interval: TimeInterval;
  readonly end: readonly number[];
}

const problems: Record<string, Problem> = {
  growth: {
    field: (_, [y]) => [y!],
    start: [1, -2],
    interval: { from: 0, to: 2 },
    end: [Math.exp(2), -2 * Math.exp(2)],
  },
  'time alone': {
    field: (t, [y]) => [tf.mul(tf.onesLike(y!), tf.pow(t, 3))],
    start: [0],
    interval: { from: 1, to: 3 },
    end: [20],
  },
  'growth with time': {
    field: (t, [y]) => [tf.mul(tf.mul(2, t), y!)],
    start: [1],
    interval: { from: 0, to: 1 },
    end: [Math.E],
  },
  'a circle, backwards': {
    field: (_, [y]) => [tf.mul(tf.reverse(y!, 0), tf.tensor1d([-1, 1]))],
    start: [1, 0],
    interval: { from: 3, to: 1 },
    end: [Math.cos(2), -Math.sin(2)],
  },
  logistic: {
    field: (_, [y]) => [tf.mul(y!, tf.sub(1, y!))],
    start: [0.1],
    interval: { from: 0, to: 4 },
    end: [1 / (1 + 9 * Math.exp(-4))],
  },
};

function solved(solver: OdeSolver, { field, start, interval }: Problem): number[] {
  return tf.tidy(() => [...solver.solve(field, [tf.tensor1d([...start])], interval)[0]!.dataSync()]);
}

function errorOf(solver: OdeSolver, problem: Problem): number {
  return Math.max(...solved(solver, problem).map((value, index) => Math.abs(value - problem.end[index]!)));
}

describe.each(Object.entries(problems))('%s', (name, problem) => {
  test('rungeKutta finds the solution', () => {
    expect(errorOf(rungeKutta({ steps: 40 }), problem)).toBeLessThan(2e-5);
  });

  test.each([1e-3, 1e-5])('dormandPrince finds it to its tolerance, %f', (tolerance) => {
    // Errors of steps add up, and grow where the solution does.
    const scale = 1 + Math.max(...problem.end.map(Math.abs));
    expect(errorOf(dormandPrince({ tolerance }), problem)).toBeLessThan(10 * tolerance * scale);
  });

  // Polynomials up to the order have no error, and growth has two in its leading terms that nearly cancel.
  test.skipIf(['time alone', 'growth'].includes(name))('half the step, an error of 2^-order', () => {
    const orderOf = (method: (steps: number) => OdeSolver, steps: number): number =>
      Math.log2(errorOf(method(steps), problem) / errorOf(method(2 * steps), problem));
    expect(orderOf((steps) => rungeKutta({ steps }), 4)).toBeGreaterThan(3.4);
    expect(orderOf((steps) => rungeKutta({ steps }), 4)).toBeLessThan(4.8);
    expect(orderOf((steps) => rungeKutta({ steps, order: 1 }), 64)).toBeCloseTo(1, 1);
    expect(orderOf((steps) => rungeKutta({ steps, order: 2 }), 16)).toBeGreaterThan(1.8);
    expect(orderOf((steps) => equalSteps(dormandPrinceTableau, steps), 2)).toBeGreaterThan(4.4);
  });
});

test('rungeKutta refuses an order that there is not, and a misspelt option', () => {
  expect(() => rungeKutta({ order: 3 as never })).toThrow('to be 1, 2 or 4');
  expect(() => rungeKutta({ step: 3 } as never)).toThrow('did you mean "steps"');
});

test('dormandPrince takes steps as they are needed', () => {
  const calls = (rate: number): number => {
    let count = 0;
    const field: VectorField = (_, [y]) => {
      count++;
      return [tf.mul(-rate, y!)];
    };
    solved(dormandPrince(), { field, start: [1], interval: { from: 0, to: 1 }, end: [] });
    return count;
  };
  expect(calls(0.01)).toBeLessThan(25);
  expect(calls(30)).toBeGreaterThan(3 * calls(0.01));
});

test('parts of a state are integrated together, and gradients are those of the solution', () => {
  // y' = a y and l' = a: y = y0 e^a and l = a.
  for (const solver of [rungeKutta(), dormandPrince()]) {
    const end = (a: Tensor): Tensor => {
      const start = [tf.tensor1d([3]), tf.tensor1d([0])];
      const [y, l] = solver.solve((_, [y]) => [tf.mul(a, y!), a], start, { from: 0, to: 1 });
      return tf.sum(tf.add(y!, l!));
    };
    const { value, grad } = tf.valueAndGrad(end)(tf.tensor1d([0.5]));
    expect(value.dataSync()[0]).toBeCloseTo(3 * Math.exp(0.5) + 0.5, 4);
    expect(grad.dataSync()[0]).toBeCloseTo(3 * Math.exp(0.5) + 1, 4);
  }
});

test('a solution that leaves the numbers is an error, which frees what was made', () => {
  const start = tf.tensor1d([2]);
  // y' = y^2 is infinite at t = 1/2.
  const solve = (): unknown =>
    tf.tidy(() => [
      ...dormandPrince({ maximumSteps: 100 }).solve((_, [y]) => [tf.square(y!)], [start], { from: 0, to: 1 }),
    ]);
  expectNoLeaks(() => expect(solve).toThrow('dormandPrince: expected the solution'));
});

test.each([
  ['rungeKutta', () => rungeKutta({ steps: 0 })],
  ['dormandPrince', () => dormandPrince({ tolerance: 0 })],
  ['dormandPrince', () => dormandPrince({ maximumSteps: NaN })],
])('%s refuses an option out of its range', (name, make) => {
  expect(make).toThrow(name);
});

test('the times of equal steps end exactly where they should', () => {
  const { from, to } = stepTimes({ steps: 10 }, { from: 1, to: 0 });
  expect([from.length, from[0], to.at(-1)]).toEqual([10, 1, 0]);
  expect(from.slice(1)).toEqual(to.slice(0, -1));
  tf.tidy(() => {
    const { t, h } = stepAt({ from: tf.scalar(0.75), to: tf.scalar(0.5) });
    expect([t.dataSync()[0], h.dataSync()[0]]).toEqual([0.75, -0.25]);
  });
});

test('a sampling loop takes the steps of the solver, and each step is given its times', () => {
  // y' = 2 t y + c, from -1 to 1 in 10 steps.
  const solver = rungeKutta({ steps: 10 });
  const interval = { from: -1, to: 1 };
  const c = tf.scalar(0.3);
  const slope = (t: Tensor, y: Tensor, c: Tensor): Tensor => tf.add(tf.mul(tf.mul(2, t), y), c);
  expectNoLeaks(() =>
    tf.tidy(() => {
      const loop = odeSamplingLoop({
        field: (t, y, inputs) => slope(t, y, inputs['c']!),
        start: (_, key) => key.normal([4, 2]),
        solver,
        interval,
        inputs: { c },
      });
      const drawn = runSamplingLoop(loop, Key.of(1));
      const start = Key.of(1).fold(0).normal([4, 2]);
      const [expected] = solver.solve((t, [y]) => [slope(t, y!, c)], [start], interval);
      expect([...drawn.dataSync()]).toBeCloseToArray([...expected!.dataSync()], { absolute: 1e-5 });
    }),
  );
  c.dispose();
});
