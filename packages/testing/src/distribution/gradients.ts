import { Key, sizeOf } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureClose, ensureFinite } from '../assert';
import { when, type Checks } from '../register';
import { automaticGradients, connect, numericalGradients, type TensorFunction } from '../gradients';
import { meanAndError } from '../statistics';
import { flatten, tensorOf, withChanged, type Numbers } from '../tensors';
import { STANDARD_ERRORS, tolerances } from '../tolerances';
import type { DistributionCase } from './case';
import { canSumOver, gridOf, masses, withDistribution } from './grid';

/** Gradients of the density and through the sampler. */
export const gradientChecks: Checks<DistributionCase> = {
  'has the gradient of logProb that differences show': when(
    (the) => wantedArguments(the).includes(true),
    (the) => {
      const wanted = wantedArguments(the);
      const x = withDistribution(
        the,
        (distribution) => distribution.sample(Key.of(2), [3]).arraySync() as Numbers,
      );
      const points = [x, ...Object.values(the.parameters)];
      const chosen = points.filter((_, index) => wanted[index]);
      const f: TensorFunction = (...free) => {
        const queue = [...free];
        const all = points.map((point, index) => (wanted[index] ? queue.shift()! : tensorOf(point)));
        return the.make(...all.slice(1)).logProb(all[0]!);
      };
      const names = argumentNames(the).filter((_, index) => wanted[index]);
      compareWithDifferences(the, f, chosen, (index) => `gradient by ${names[index]}`);
    },
  ),

  'has finite gradients at extreme values': when(
    (the) => (the.extremes ?? []).length > 0 && wantedArguments(the).includes(true),
    (the) => {
      const wanted = wantedArguments(the);
      for (const { parameters = Object.values(the.parameters), x } of the.extremes!) {
        const f: TensorFunction = (value, ...rest) => the.make(...rest).logProb(value!);
        gradientsOfSum(f, [x, ...parameters]).forEach((gradient, index) => {
          const what = `gradient by ${argumentNames(the)[index]} at ${JSON.stringify(x)}`;
          if (wanted[index]) ensureFinite(gradient, what);
        });
      }
    },
  ),

  'lets the gradient through its sampler': when(
    (the) =>
      Object.keys(the.parameters).length > 0 &&
      withDistribution(the, ({ reparameterized }) => reparameterized),
    (the) => (the.pathwise === 'expectation' ? compareExpectations(the) : comparePaths(the)),
  ),
};

function argumentNames(the: DistributionCase): string[] {
  return ['x', ...Object.keys(the.parameters)];
}

/** By which arguments `logProb` is differentiated: x and the parameters, in order. */
function wantedArguments({ differentiable, support, parameters }: DistributionCase): boolean[] {
  return [
    differentiable?.x ?? (support.kind === 'real' || support.kind === 'sphere'),
    ...Object.keys(parameters).map((name) => differentiable?.parameters?.includes(name) ?? true),
  ];
}

function compareWithDifferences(
  the: DistributionCase,
  f: TensorFunction,
  inputs: readonly Numbers[],
  what: (argument: number) => string,
): void {
  const expected = numericalGradients(f, inputs, the.step);
  const tolerance = tolerances(the.tolerance).gradient;
  automaticGradients(f, inputs).forEach((gradient, index) =>
    ensureClose(gradient, expected[index]!, tolerance, what(index)),
  );
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
  const f: TensorFunction = (...parameters) => the.make(...parameters).sample(Key.of(3), [3]);
  compareWithDifferences(
    the,
    f,
    Object.values(the.parameters),
    (index) => `pathwise gradient by ${Object.keys(the.parameters)[index]}`,
  );
}

/** The mean gradient of sin(x), summed over the event, over draws against the difference of its integral, entry by entry of each parameter. */
function compareExpectations(the: DistributionCase): void {
  const size = withDistribution(the, ({ eventShape }) => sizeOf(eventShape));
  const summable = size === 1 || (the.support.kind === 'sphere' && canSumOver(the.support, size));
  ensure(summable, "pathwise: 'expectation' needs events of one element, or on a circle or sphere");
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
        const grid = gridOf(the.support, size);
        return masses(distribution, grid).reduce(
          (sum, mass) => sum + mass.reduce((part, p, index) => part + p * sumOfSines(grid.events[index]!), 0),
          0,
        );
      },
      values,
    );
  inputs.forEach((input, argument) => {
    flatten(input).forEach((_, element) => {
      const { mean, standardError } = meanAndError(
        estimates.map((estimate) => estimate[argument]![element]!),
      );
      const step = 2 ** -6;
      const at = (offset: number): number =>
        integral(withChanged(inputs, argument, element, (x) => x + offset));
      const expected = (at(step) - at(-step)) / (2 * step);
      ensure(
        Math.abs(mean - expected) <= STANDARD_ERRORS * standardError + 1e-3,
        `pathwise gradient by ${Object.keys(the.parameters)[argument]} [${element}] is ${mean} (standard error ${standardError}), expected ${expected}`,
      );
    });
  });
}

function sumOfSines(event: readonly number[]): number {
  return event.reduce((sum, value) => sum + Math.sin(value), 0);
}
