import { Key, sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureClose, ensureFinite } from '../assert';
import type { DistributionCase } from '../distribution';
import type { Checks } from '../register';
import { automaticGradients, connect, numericalGradients, type TensorFunction } from '../gradients';
import { tensorOf, type Numbers } from '../tensors';
import { STANDARD_ERRORS, tolerances } from '../tolerances';
import { gridOf, masses, withDistribution } from './grid';

/** Gradients of the density and through the sampler. */
export const gradientChecks: Checks<DistributionCase> = {
  'has the gradient of logProb that differences show': (the) => {
    const inputs = Object.values(the.parameters);
    const x = withDistribution(
      the,
      (distribution) => distribution.sample(Key.of(2), [3]).arraySync() as Numbers,
    );
    const wanted = [byX(the), ...Object.keys(the.parameters).map((name) => byParameter(the, name))];
    const points = [x, ...inputs];
    const chosen = points.filter((_, index) => wanted[index]);
    const f: TensorFunction = (...free) => {
      const queue = [...free];
      const all = points.map((point, index) => (wanted[index] ? queue.shift()! : tensorOf(point)));
      return the.make(...all.slice(1)).logProb(all[0]!);
    };
    if (chosen.length === 0) return;
    const names = ['x', ...Object.keys(the.parameters)].filter((_, index) => wanted[index]);
    const expected = numericalGradients(f, chosen, the.step);
    automaticGradients(f, chosen).forEach((gradient, index) =>
      ensureClose(
        gradient,
        expected[index]!,
        tolerances(the.tolerance).gradient,
        `gradient by ${names[index]}`,
      ),
    );
  },

  'has finite gradients at extreme values': (the) => {
    for (const { parameters = Object.values(the.parameters), x } of the.extremes ?? []) {
      const f: TensorFunction = (value, ...rest) => the.make(...rest).logProb(value!);
      const names = ['x', ...Object.keys(the.parameters)];
      const wanted = [byX(the), ...Object.keys(the.parameters).map((name) => byParameter(the, name))];
      gradientsOfSum(f, [x, ...parameters]).forEach((gradient, index) => {
        if (wanted[index]) ensureFinite(gradient, `gradient by ${names[index]} at ${JSON.stringify(x)}`);
      });
    }
  },

  'lets the gradient through its sampler': (the) => {
    const { reparameterized, size } = withDistribution(the, (distribution) => ({
      reparameterized: distribution.reparameterized,
      size: sizeOf(distribution.eventShape),
    }));
    const method = the.pathwise ?? 'path';
    if (!reparameterized || method === 'none') return;
    if (method === 'path') return comparePaths(the);
    ensure(size === 1, "pathwise: 'expectation' needs events of one element");
    compareExpectations(the);
  },
};

function byX(the: DistributionCase): boolean {
  return the.differentiable?.x ?? the.support.kind === 'real';
}

function byParameter(the: DistributionCase, name: string): boolean {
  return the.differentiable?.parameters?.includes(name) ?? true;
}

function gradientsOfSum(f: TensorFunction, inputs: readonly Numbers[]): number[][] {
  return tf.tidy(() =>
    tf
      .grads((...xs: Tensor[]) => xs.reduce(connect, tf.sum(f(...xs))))(inputs.map(tensorOf))
      .map((gradient) => Array.from(gradient.dataSync())),
  );
}

/** With the key held still a sample is a smooth function of the parameters. */
function comparePaths(the: DistributionCase): void {
  const inputs = Object.values(the.parameters);
  const f: TensorFunction = (...parameters) => the.make(...parameters).sample(Key.of(3), [3]);
  const expected = numericalGradients(f, inputs, the.step);
  automaticGradients(f, inputs).forEach((gradient, index) =>
    ensureClose(
      gradient,
      expected[index]!,
      tolerances(the.tolerance).gradient,
      `pathwise gradient by ${Object.keys(the.parameters)[index]}`,
    ),
  );
}

/** The mean gradient of sin(x) over draws against the difference of its integral, entry by entry of each parameter. */
function compareExpectations(the: DistributionCase): void {
  const inputs = Object.values(the.parameters);
  const n = the.draws ?? 4000;
  const blocks = 40;
  const estimates = Array.from({ length: blocks }, (_, block) =>
    gradientsOfSum(
      (...parameters) =>
        tf.div(tf.sin(the.make(...parameters).sample(Key.of(4).fold(block), [n / blocks])), n / blocks),
      inputs,
    ),
  );
  // The sum over the batch, so that one integral serves every entry of every parameter.
  const integral = (values: readonly Numbers[]): number =>
    withDistribution(
      the,
      (distribution) => {
        const grid = gridOf(the.support, 1);
        return masses(distribution, grid).reduce(
          (sum, mass) =>
            sum + mass.reduce((part, p, index) => part + p * Math.sin(grid.events[index]![0]!), 0),
          0,
        );
      },
      values,
    );
  inputs.forEach((input, index) => {
    const size = sizeOf(tf.tidy(() => tensorOf(input).shape));
    for (let element = 0; element < size; element++) {
      const drawn = estimates.map((estimate) => estimate[index]![element]!);
      const mean = drawn.reduce((sum, value) => sum + value, 0) / blocks;
      const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (blocks - 1) / blocks;
      const step = 2 ** -6;
      const expected =
        (integral(moved(inputs, index, element, step)) - integral(moved(inputs, index, element, -step))) /
        (2 * step);
      const score = (mean - expected) / Math.sqrt(variance);
      ensure(
        Math.abs(mean - expected) <= STANDARD_ERRORS * Math.sqrt(variance) + 1e-3,
        `pathwise gradient by ${Object.keys(the.parameters)[index]} [${element}] is ${mean}, expected ${expected} (${score} standard errors)`,
      );
    }
  });
}

function moved(inputs: readonly Numbers[], argument: number, element: number, offset: number): Numbers[] {
  let count = 0;
  const walk = (nest: Numbers): Numbers =>
    typeof nest === 'number' ? (count++ === element ? nest + offset : nest) : nest.map(walk);
  return inputs.map((input, index) => (index === argument ? walk(input) : input));
}
