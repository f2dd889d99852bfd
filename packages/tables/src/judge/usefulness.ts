import { auroc } from '@dgm/core';
import type { ColumnCodec } from '../codec/table-codec';
import { boostedClassifier } from './boosting';
import type { Columns } from './privacy';

/** How well a column is predicted from the others: areas under the ROC curve on held-out rows. */
export interface Usefulness {
  /** Of boosted trees that were trained on drawn rows. */
  readonly synthetic: number;
  /** Of boosted trees that were trained on real rows. */
  readonly real: number;
}

/**
 * Trains boosted trees on drawn rows and on real ones, and tests both on held-out rows. They predict whether a number is above
 * its median, or whether a level is the most frequent one; rows in which it is missing are left out.
 *
 * @param column - the column to predict
 * @returns undefined where rows of one set are all alike
 * @see Real-valued (medical) time series generation with recurrent conditional GANs (Esteban, Hyland and Rätsch, 2017)
 */
export function usefulnessOf(
  codec: ColumnCodec,
  column: number,
  { drawn, train, heldOut }: { readonly drawn: Columns; readonly train: Columns; readonly heldOut: Columns },
): Usefulness | undefined {
  const isPositive = labelOf(codec, train[column]!);
  const labelled = (columns: Columns): LabelledRows => {
    const rows = [...columns[column]!.keys()].filter((row) => !Number.isNaN(columns[column]![row]!));
    const others = columns.filter((_, at) => at !== column);
    return {
      features: others.map((values) => Float64Array.from(rows, (row) => values[row]!)),
      labels: Uint8Array.from(rows, (row) => Number(isPositive(columns[column]![row]!))),
    };
  };
  const [ofDrawn, ofTrain, test] = [labelled(drawn), labelled(train), labelled(heldOut)];
  const isOneClass = [ofDrawn, ofTrain, test].some(({ labels }) => new Set(labels).size < 2);
  if (isOneClass || test.features.length === 0) return undefined;
  const score = ({ features, labels }: LabelledRows) => {
    const scores = boostedClassifier(features, labels, { trees: 50 }).scores(test.features);
    const of = (label: number) => scores.filter((_, row) => test.labels[row] === label);
    return auroc(of(1), of(0));
  };
  return { synthetic: score(ofDrawn), real: score(ofTrain) };
}

interface LabelledRows {
  readonly features: Columns;
  readonly labels: Uint8Array;
}

function labelOf(codec: ColumnCodec, values: Float64Array): (value: number) => boolean {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (codec.kind === 'number') {
    const median = sorted[(sorted.length - 1) >> 1]!;
    return (value) => value > median;
  }
  const counts = new Map<number, number>();
  for (const value of sorted) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  return (value) => value === most;
}
