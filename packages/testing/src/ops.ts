import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureClose, ensureFinite } from './assert';
import {
  automaticGradients,
  automaticSecondOrder,
  numericalGradients,
  numericalSecondOrder,
  type TensorFunction,
} from './gradients';
import { checkEmpty, ensureShape, withoutRows } from './empty-batch';
import { expectNoLeaks } from './leaks';
import { describeTable, when, type CaseTable, type Checks } from './register';
import { evaluate, flatten, tensorOf, type Numbers } from './tensors';
import { tolerances, type Tolerances } from './tolerances';

/** A differentiable function of tensors and where to try it. */
export interface OpCase {
  readonly f: TensorFunction;
  /** One entry per argument; the nesting gives its shape. Away from kinks: gradients are compared here. */
  readonly points: readonly Numbers[];
  /** Float64 reference values, and gradients of the sum of the result by argument. */
  readonly golden?: readonly {
    readonly args: readonly Numbers[];
    readonly value: Numbers;
    readonly gradients?: readonly Numbers[];
  }[];
  /** How many times it can be differentiated; 0 leaves gradients to `golden`. @defaultValue 2 */
  readonly order?: 0 | 1 | 2;
  /** Arguments in the far tails or on kinks: the value must be this one (or just no NaN), the gradients finite. */
  readonly extremes?: readonly {
    readonly args: readonly Numbers[];
    readonly value?: Numbers;
    readonly gradients?: readonly Numbers[];
  }[];
  /** The step of central differences, relative to max(1, |x|); smaller near the edge of a domain. */
  readonly step?: number;
  /**
   * Whether the function takes further axes in front, and so a batch of no rows; not if it names its axes from the first.
   * @defaultValue true
   */
  readonly batched?: boolean;
  readonly tolerance?: Partial<Tolerances>;
}

export type OpTable = CaseTable<OpCase>;

/** Every check of a differentiable function, by what it shows. Each throws when the function breaks it. */
export const opChecks: Checks<OpCase> = {
  'agrees with float64 reference values': when(
    ({ golden = [] }) => golden.length > 0,
    (the) => {
      for (const { args, value, gradients } of the.golden!) {
        const at = `at ${JSON.stringify(args)}`;
        ensureClose(evaluate(the.f, args), flatten(value), tolerances(the.tolerance).value, `value ${at}`);
        ensureSumGradients(the, args, gradients, at);
      }
    },
  ),

  'has the gradient that differences show': when(
    (the) => order(the) >= 1,
    (the) => {
      const expected = numericalGradients(the.f, the.points, the.step);
      automaticGradients(the.f, the.points).forEach((gradient, argument) =>
        ensureClose(
          gradient,
          expected[argument]!,
          tolerances(the.tolerance).gradient,
          `gradient of argument ${argument}`,
        ),
      );
    },
  ),

  'has the second-order gradient that differences show': when(
    (the) => order(the) >= 2,
    (the) => {
      const expected = numericalSecondOrder(the.f, the.points, the.step);
      automaticSecondOrder(the.f, the.points).forEach((gradient, argument) =>
        ensureClose(
          gradient,
          expected[argument]!,
          tolerances(the.tolerance).secondOrder,
          `second-order gradient of argument ${argument}`,
        ),
      );
    },
  ),

  'stays well-defined at extreme arguments': when(
    ({ extremes = [] }) => extremes.length > 0,
    (the) => {
      for (const { args, value, gradients } of the.extremes!) {
        const at = `at ${JSON.stringify(args)}`;
        const actual = evaluate(the.f, args);
        ensure(!actual.some(Number.isNaN), `value ${at} is NaN`);
        if (value !== undefined)
          ensureClose(actual, flatten(value), tolerances(the.tolerance).value, `value ${at}`);
        if (order(the) < 1 && gradients === undefined) continue;
        sumGradients(the.f, args).forEach((gradient, argument) =>
          ensureFinite(gradient, `gradient of argument ${argument} ${at}`),
        );
        ensureSumGradients(the, args, gradients, at);
      }
    },
  ),

  'takes empty tensors, or refuses them by name': when(
    ({ batched }) => batched !== false,
    (the) =>
      checkEmpty(() => {
        const points = the.points.map(tensorOf);
        const rank = Math.max(...points.map((point) => point.rank));
        const none = points.map((point) => {
          const ones = Array.from({ length: 1 + rank - point.rank }, () => 1);
          return withoutRows(tf.reshape(point, [...ones, ...point.shape]));
        });
        const [whole, empty] = [the.f(...points), the.f(...none)];
        // A reduction over everything keeps its shape for empty tensors.
        const isReduction = whole.size === 1 && empty.size === 1;
        if (!isReduction) ensureShape(empty.shape, [0, ...whole.shape], 'the result for no rows');
        if (order(the) < 1) return;
        const gradients = tf.grads((...xs: Tensor[]) => tf.sum(the.f(...xs)))(none);
        gradients.forEach((gradient, argument) =>
          ensureShape(gradient.shape, none[argument]!.shape, `gradient of argument ${argument}`),
        );
      }),
  ),

  'frees what it makes and keeps what it borrows': (the) => {
    const inputs = the.points.map(tensorOf);
    expectNoLeaks(() => the.f(...inputs).dispose(), 'the function');
    if (order(the) >= 1) expectNoLeaks(() => automaticGradients(the.f, the.points), 'its gradient');
    ensure(
      inputs.every((input) => !input.isDisposed),
      'the function disposed of an argument',
    );
    tf.dispose(inputs);
  },
};

/** Registers the checks of every function of the table. */
export function describeOps(table: OpTable): void {
  describeTable(table, opChecks);
}

const order = (the: OpCase): number => the.order ?? 2;

function sumGradients(f: TensorFunction, args: readonly Numbers[]): number[][] {
  return tf.tidy(() =>
    tf
      .grads((...inputs: Tensor[]) => tf.sum(f(...inputs)))(args.map(tensorOf))
      .map((gradient) => Array.from(gradient.dataSync())),
  );
}

function ensureSumGradients(
  the: OpCase,
  args: readonly Numbers[],
  expected: readonly Numbers[] | undefined,
  at: string,
): void {
  if (expected === undefined) return;
  sumGradients(the.f, args).forEach((gradient, argument) =>
    ensureClose(
      gradient,
      flatten(expected[argument]!),
      tolerances(the.tolerance).value,
      `gradient of argument ${argument} ${at}`,
    ),
  );
}
