import {
  ArgumentError,
  checkContext,
  checkGiven,
  checkInteger,
  checkKey,
  checkMethods,
  checkNumber,
  checkShape,
  checkSizes,
  DomainError,
  formatShape,
  ShapeError,
  sizeOf,
  splitBatch,
} from '@dgm/core';
import type { ConditionedBatch, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What the models of this package have in common. */
interface CommonOptions {
  readonly shape: Shape;
  readonly levels?: number | undefined;
  readonly contextSize: number;
  readonly network: unknown;
}

/** Checks the options that the models of one network have in common. */
export function checkModel(where: string, { shape, levels, contextSize, network }: CommonOptions): void {
  checkSizes(where, 'shape', shape);
  if (levels !== undefined) checkInteger(where, 'levels', levels, { min: 2 });
  checkMethods(where, 'network', network, {
    methods: ['apply', 'parameters'],
    expected: 'to be a layer such as mlpDenoiser()',
  });
  checkInteger(where, 'contextSize', contextSize, { min: 0 });
}

/**
 * The output of a network in the shape that is wanted of it.
 * @throws ShapeError naming `where` if it has more or fewer numbers
 */
export function outputAs(where: string, output: Tensor, shape: Shape): Tensor {
  if (output.size === sizeOf(shape)) return tf.reshape(output, [...shape]);
  throw new ShapeError({
    where,
    argument: 'the output of the network',
    expected: `to have the numbers of ${formatShape(shape)}`,
    actual: formatShape(output.shape),
    remedy: 'see the option `outputs` of the denoisers',
  });
}

/** What a batch must fit. */
interface BatchOf {
  readonly eventShape: Shape;
  readonly contextSize: number;
}

/**
 * The examples of a batch and their condition, checked against a model.
 * @throws ArgumentError or ShapeError naming `where`
 */
export function checkedBatch(
  where: string,
  batch: Tensor | ConditionedBatch,
  { eventShape, contextSize }: BatchOf,
): { readonly x: Tensor; readonly context?: Tensor } {
  checkGiven(where, 'batch', batch, 'to be a tensor, or { x, context }');
  const { x, context } = splitBatch(batch);
  checkShape(where, 'x', x, ['n', ...eventShape]);
  checkContext(where, context, { rows: x.shape[0]!, contextSize });
  return { x, ...(context && { context }) };
}

/**
 * Checks that all entries of examples are levels, integers from 0 to `levels` - 1, or finite where there are no levels. While `key`
 * is traced there are no values to look at; `fit` and `evaluate` have checked them before.
 * @throws ArgumentError naming `where` for what is no key
 * @throws DomainError naming `where`, the first other value and its row
 */
export function checkLevels(where: string, x: Tensor, levels: number | undefined, key: Key): void {
  checkKey(where, key);
  if (!key.isTraced) checkValues(where, 'x', x, { levels });
}

/** Checks those values that `isChecked` picks, by default all. */
export function checkValues(
  where: string,
  argument: string,
  x: Tensor,
  {
    levels,
    isChecked = () => true,
  }: { readonly levels: number | undefined; readonly isChecked?: (index: number) => boolean },
): void {
  const isLevel = (value: number): boolean =>
    Number.isInteger(value) && (levels === Infinity || (value >= 0 && value < levels!));
  const isValue = levels === undefined ? Number.isFinite : isLevel;
  const values = x.dataSync();
  const wrong = values.findIndex((value, index) => isChecked(index) && !isValue(value));
  if (wrong === -1) return;
  throw new DomainError({
    where,
    argument,
    expected: levels === undefined ? 'to be finite' : `to be integers from 0 to ${levels - 1}`,
    actual: `${values[wrong]} in row ${Math.floor((wrong * x.shape[0]!) / x.size)}`,
  });
}

/** Checks what all samplers are given. */
export function checkDraws(
  where: string,
  n: number,
  {
    contextSize,
    context,
    guidance = 1,
  }: { readonly contextSize: number; readonly context: Tensor | undefined; readonly guidance?: number },
): void {
  checkInteger(where, 'n', n, { min: 0 });
  checkNumber(where, 'guidance', guidance);
  checkContext(where, context, { rows: n, contextSize });
  if (contextSize > 0 || guidance === 1) return;
  throw new ArgumentError({
    where,
    argument: 'guidance',
    expected: 'to be left out of a model without a condition',
    actual: String(guidance),
  });
}
