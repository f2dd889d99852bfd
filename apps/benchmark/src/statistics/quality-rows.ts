import { isPeer } from '../results/comparison';
import { differenceOf, verdictOf, type Difference, type Reached, type Verdict } from './quality';
import type { Comparison, ComparisonRow, Measurement } from '../results/comparison';
import { mean } from './statistics';

/** What one engine of ours and PyTorch made of one model. */
export interface QualityRow extends Reached, Pick<ComparisonRow, 'model' | 'engine' | 'device' | 'batch'> {
  /** Means over the seeds; null for a side that was not trained. */
  readonly oursEpochs: number | null;
  readonly peerEpochs: number | null;
  readonly difference: Difference | null;
  readonly verdict: Verdict | null;
}

/** The rows that were trained, once: a row on one thread and one at its fastest are of the same training. */
export function qualityRows({
  rows,
  measurements,
}: Pick<Comparison, 'rows' | 'measurements'>): readonly QualityRow[] {
  const programs = new Map(
    rows.map((row) => [`${row.model}, ${row.engine} on ${row.device}, ${row.batch}`, row]),
  );
  return [...programs.values()]
    .filter(({ seeds }) => seeds > 0)
    .map((row) => {
      const trained = measurements.filter(({ model, batch }) => model === row.model && batch === row.batch);
      return {
        ...row,
        oursEpochs: epochsOf(
          trained.filter(({ engine, device }) => engine === row.engine && device === row.device),
        ),
        peerEpochs: epochsOf(trained.filter(({ engine }) => isPeer(engine))),
        difference: differenceOf(row),
        verdict: verdictOf(row),
      };
    });
}

function epochsOf(measurements: readonly Measurement[]): number | null {
  const { trainings = [] } = measurements.find((measurement) => measurement.trainings.length > 0) ?? {};
  return trainings.length === 0 ? null : mean(trainings.map(({ epochs }) => epochs));
}

/** How many rows were told apart, and in whose favour. */
export type Tally = Readonly<Record<Verdict, number>>;

export function tally(rows: readonly QualityRow[]): Tally {
  const count = (verdict: Verdict) => rows.filter((row) => row.verdict === verdict).length;
  return { better: count('better'), equal: count('equal'), worse: count('worse') };
}
