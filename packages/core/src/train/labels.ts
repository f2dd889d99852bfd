import * as tf from '@tensorflow/tfjs-core';
import { checkInteger, checkOneOf, checkOptions } from '../check/check';
import { ArgumentError, DomainError } from '../errors/dgm-error';
import type { ConditionedBatch } from '../model/condition';
import { checkKey, type Key } from '../random/key';
import { gatherExamples, type Examples, type MakeBatch } from './examples';

/** The label of an example with an unknown class. */
export const UNKNOWN_LABEL = -1;

export interface ClassContextOptions {
  /** The number of classes; labels are integers from 0 to `classes - 1`. */
  readonly classes: number;
  /**
   * The context of an example without a label: `refuse` throws an error; `zeros` gives a row of zeros, which a
   * semi-supervised model reads as "unknown".
   * @defaultValue 'refuse'
   */
  readonly unknown?: 'refuse' | 'zeros';
  /**
   * The probability that a row of zeros replaces a label in training, so that one model learns both with and without
   * a class (classifier-free guidance).
   * @defaultValue 0
   */
  readonly dropout?: number;
}

/**
 * The option `batch` of `fit` and `evaluate` for models that are conditioned on a class: `{ x, context }`, with the
 * one-hot label of each example as its context, `[n, classes]`.
 *
 * @throws ArgumentError if an option is out of its range
 * @throws DomainError from `fit` or `evaluate`, naming the row, if a label is not one of the classes
 * @example
 * ```ts
 * const model = realNvp({ dims: 64, contextSize: 10, key });
 * const batch = classContext({ classes: 10 });
 * await fit(model, glyphs(), { key, optimizer: adam(), batchSize: 64, epochs: 20, batch });
 * const sevens = model.sample(key, 16, { context: oneHot(tf.fill([16], 7), { depth: 10 }) });
 * ```
 */
export function classContext(options: ClassContextOptions): MakeBatch<ConditionedBatch> {
  checkOptions('classContext', options, ['classes', 'unknown', 'dropout']);
  const { classes, unknown = 'refuse', dropout = 0 } = options;
  checkInteger('classContext', 'classes', classes);
  checkOneOf('classContext', 'unknown', unknown, ['refuse', 'zeros']);
  if (!(dropout >= 0 && dropout < 1)) {
    throw new ArgumentError({
      where: 'classContext',
      argument: 'dropout',
      expected: 'to be a number in [0, 1)',
      actual: String(dropout),
    });
  }
  return (examples, rows, { key, training }) => {
    const oneHot = new Float32Array(rows.length * classes);
    rows.forEach((row, index) => {
      const label = examples.labels?.[row] ?? UNKNOWN_LABEL;
      const isClass = label >= 0 && label < classes;
      if (!isClass && !(label === UNKNOWN_LABEL && unknown === 'zeros')) throw notAClass(row, label, classes);
      if (isClass) oneHot[index * classes + label] = 1;
    });
    const x = gatherExamples(examples, rows);
    const labels = tf.tensor2d(oneHot, [rows.length, classes]);
    if (!training || dropout === 0) return { x, context: labels };
    const context = tf.tidy(() =>
      tf.mul(labels, key.fold('labels').bernoulli([rows.length, 1], 1 - dropout)),
    );
    labels.dispose();
    return { x, context };
  };
}

function notAClass(row: number, label: number, classes: number): DomainError {
  return new DomainError({
    where: 'classContext',
    argument: `label of row ${row}`,
    expected: `to be an integer from 0 to ${classes - 1}`,
    actual: label === UNKNOWN_LABEL ? `${label}, which means unknown` : String(label),
    remedy:
      label === UNKNOWN_LABEL
        ? "pass unknown: 'zeros' to a model that learns from examples without a label"
        : 'count classes from 0, and give the number of all classes',
  });
}

/**
 * The same examples with most of their labels replaced by {@link UNKNOWN_LABEL}. The same number of labels of each class
 * is kept, chosen by the key.
 * @param options - `labelled`: the number of labels to keep
 * @throws ArgumentError if there are no labels, or a class has fewer than its share
 *
 * @example
 * ```ts
 * const train = hideLabels(data.train, { labelled: 100, key }); // 10 labels of each digit
 * ```
 */
export function hideLabels(
  examples: Examples,
  options: { readonly labelled: number; readonly key: Key },
): Examples {
  checkOptions('hideLabels', options, ['labelled', 'key']);
  const { labelled, key } = options;
  checkKey('hideLabels', key);
  checkInteger('hideLabels', 'labelled', labelled, { min: 0 });
  const { labels, count } = examples;
  const classes = new Set(labels?.filter((label) => label !== UNKNOWN_LABEL));
  const share = labelled / classes.size;
  if (labels === undefined || !Number.isInteger(share)) {
    throw new ArgumentError({
      where: 'hideLabels',
      argument: 'labelled',
      expected: `to be a multiple of the number of classes, ${classes.size}`,
      actual: String(labelled),
      remedy:
        classes.size === 0 ? 'pass examples with labels' : 'keep the same number of labels of each class',
    });
  }
  const left = new Map([...classes].map((label) => [label, share]));
  const kept = new Int32Array(count).fill(UNKNOWN_LABEL);
  for (const row of key.permutation(count)) {
    const label = labels[row]!;
    const open = left.get(label) ?? 0;
    if (open === 0) continue;
    kept[row] = label;
    left.set(label, open - 1);
  }
  const short = [...left].find(([, open]) => open > 0);
  if (short !== undefined) {
    throw new ArgumentError({
      where: 'hideLabels',
      argument: 'labelled',
      expected: `to leave ${share} examples for each class`,
      actual: `${share - short[1]} of class ${short[0]}`,
    });
  }
  return { ...examples, labels: kept };
}
