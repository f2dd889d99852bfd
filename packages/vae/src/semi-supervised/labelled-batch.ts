import { ArgumentError, gatherExamples } from '@dgm/core';
import type { Examples, Key, MakeBatch } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The label of an example whose class is not known. */
export const UNKNOWN = -1;

/** Examples with what is known of their classes. */
export interface LabelledBatch {
  /** `[n, ...event]` */
  readonly x: Tensor;
  /** The class of each example, or -1 where it is not known; float32 `[n]`. */
  readonly labels: Tensor;
}

/** The option `batch` of `fit` for models that learn from labels; examples without any are all unknown. */
export const labelledBatch: MakeBatch<LabelledBatch> = (examples, rows) => {
  const { labels } = examples;
  const ofRows = Float32Array.from(rows, (row) => labels?.[row] ?? UNKNOWN);
  return { x: gatherExamples(examples, rows), labels: tf.tensor1d(ofRows) };
};

/**
 * The same examples with most labels unknown: as many of each class are kept as there can be, chosen by the key.
 * @param options - `labelled`: how many labels are kept
 * @throws ArgumentError if there are no labels, or a class has fewer than its share
 */
export function hideLabels(
  examples: Examples,
  { labelled, key }: { readonly labelled: number; readonly key: Key },
): Examples {
  const { labels, count } = examples;
  const classes = new Set(labels ?? []);
  const share = labelled / classes.size;
  if (labels === undefined || !Number.isInteger(share)) {
    throw new ArgumentError({
      where: 'hideLabels',
      argument: 'labelled',
      expected: `to be a multiple of the number of classes, ${classes.size}`,
      actual: String(labelled),
      remedy: labels === undefined ? 'pass examples with labels' : 'choose as many of each class',
    });
  }
  const left = new Map([...classes].map((label) => [label, share]));
  const kept = new Int32Array(count).fill(UNKNOWN);
  for (const row of key.permutation(count)) {
    const label = labels[row]!;
    const open = left.get(label)!;
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
