import { UnsupportedError, type Engine, type Key, type Module } from '@dgm/core';
import type { TableCodec } from '../codec/table-codec';
import type { CellDistribution, ColumnDistribution } from './column-distribution';
import type { Rows } from './rows';

/** The kinds of models that rows can have. */
export const MODEL_KINDS = ['any-order', 'trees', 'vae', 'flow', 'diffusion'] as const;
/** What kind of model the rows of a table have. */
export type ModelKind = (typeof MODEL_KINDS)[number];

/** What a {@link TableModel} is made of: a model of the rows of a codec. */
export interface RowModel extends Module {
  readonly kind: ModelKind;
  readonly codec: TableCodec;
  /** Whether the log-probability of a row is its own, or a lower bound on it. */
  readonly likelihoodKind: 'exact' | 'lower-bound';
  /** Prepares what can be asked of the model, on an engine. The caller disposes of it. */
  queries(engine: Engine): RowQueries;
}

/** What can be asked of a model of rows. */
export type RowQueries = AnyOrderQueries | ChainQueries | LatentQueries | WholeQueries;

/** Which cells to visit the distributions of. */
export interface CellQuestion {
  readonly rows: Rows;
  /** The numbers of the rows. */
  readonly chosen: ArrayLike<number>;
  /** Whether a known cell may be seen. @defaultValue all that the model can see; the cell itself never */
  readonly isSeen?: (row: number, column: number) => boolean;
}

/** Visits the distribution of a column's cell in each of the chosen rows, in order. */
export type VisitCells<D extends CellDistribution> = (
  column: number,
  question: CellQuestion,
  visit: (row: number, distribution: D, at: number) => void,
) => Promise<void>;

/** A model with the distribution of each cell given any others of its row. */
export interface AnyOrderQueries {
  readonly sees: 'any';
  readonly column: VisitCells<ColumnDistribution>;
  dispose(): void;
}

/** A model with the distribution of each cell given all cells before it in its row. */
export interface ChainQueries {
  readonly sees: 'before';
  readonly column: VisitCells<CellDistribution>;
  dispose(): void;
}

/** A model with latent variables, which scores rows as a whole; given its latents, cells are independent. */
export interface LatentQueries {
  readonly sees: 'latents';
  /** A lower bound on the log-probability of each row, in nats. */
  logProb(values: readonly Float64Array[]): Promise<Float64Array>;
  /** The cells given latents that a key draws. `firstRow` is the number of the first of the rows that they are asked for. */
  given(key: Key, firstRow: number): ConditionedQueries;
  dispose(): void;
}

/** The cells of rows with latents. */
export interface ConditionedQueries {
  readonly sees: 'latents';
  readonly column: VisitCells<CellDistribution>;
}

/** A model that scores and draws rows as a whole. */
export interface WholeQueries {
  readonly sees: 'none';
  /** A lower bound on the log-probability of each row, in nats. */
  logProb(values: readonly Float64Array[]): Promise<Float64Array>;
  /** Draws the values of each column. A row depends on the key and its number alone. */
  sample(key: Key, count: number): Promise<readonly Float64Array[]>;
  dispose(): void;
}

/**
 * What a model has to be of another kind for.
 * @param what - what is asked for
 */
export function unsupported(where: string, kind: ModelKind, what: string): UnsupportedError {
  return new UnsupportedError({
    where,
    argument: 'model',
    expected: `to be of the kind "any-order", for ${what}`,
    actual: `"${kind}"`,
    remedy: 'train one with the option model: "any-order" (dgm train --model any-order)',
  });
}

/** The log-probabilities of rows, and of their cells where the model has them: `[count]` each, in nats. */
export interface RowScores {
  readonly rows: Float64Array;
  /** By column; empty for a model that scores rows as a whole. */
  readonly cells: readonly Float64Array[];
}

/**
 * Scores rows.
 * @param rows - all cells are known
 * @param given - what a cell is conditioned on; `others` is for a model of any order
 */
export async function scoreRows(
  queries: RowQueries,
  rows: Rows,
  given: 'before' | 'others' = 'before',
): Promise<RowScores> {
  if ('logProb' in queries) return { rows: await queries.logProb(rows.values), cells: [] };
  const total = new Float64Array(rows.count);
  const chosen = Int32Array.from({ length: rows.count }, (_, row) => row);
  const cells: Float64Array[] = [];
  for (const [column, values] of rows.values.entries()) {
    const scores = new Float64Array(rows.count);
    const isSeen = given === 'before' ? (_: number, other: number) => other < column : () => true;
    await queries.column(column, { rows, chosen, isSeen }, (row, distribution, at) => {
      scores[row] = distribution.logProb(at, values[row]!);
      total[row]! += scores[row]!;
    });
    cells.push(scores);
  }
  return { rows: total, cells };
}
