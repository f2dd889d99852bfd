import { checkInteger, checkKey, checkOptions, type Key } from '@dgm/core';
import { checkTextTable, readCells, type TextTable } from '@dgm/data';
import { baselinesOf, type Baselines } from '../baselines/baselines';
import type { ColumnSplit } from '../baselines/independent';
import type { ColumnCodec } from '../codec/table-codec';
import type { TableModel } from '../table/table-model';
import { association, classifier } from './association';
import { copyShare, nearerShare, type Columns } from './privacy';
import { barsOf, shapeSimilarity, type Bar } from './shape';
import { twoSampleTest } from './two-sample';
import { usefulnessOf, type Usefulness } from './usefulness';

export interface EvaluateTableOptions {
  /** Decides the drawn rows and what they are compared with. */
  readonly key: Key;
  /** The rows that the model was trained on. Without them nothing is said of baselines, copies and usefulness. */
  readonly train?: TextTable;
  /** How many rows are drawn. @defaultValue as many as there are held-out rows, from 500 to 10,000 */
  readonly draws?: number;
}

/** How good a model is, and the rows that are drawn from it. */
export interface TableEvaluation {
  /** The number of held-out rows. */
  readonly rows: number;
  /** The number of drawn rows. */
  readonly draws: number;
  /** Mean nats of a held-out row, with the standard error of the mean. */
  readonly nats: number;
  readonly standardError: number;
  /** The same of simple models of the training rows. */
  readonly baselines?: Baselines;
  /** How well boosted trees tell drawn from held-out rows ({@link twoSampleTest}): 0.5 if they cannot, 1 if they always can. */
  readonly twoSampleAuroc: number;
  readonly columns: readonly ColumnEvaluation[];
  /** Each two columns. */
  readonly pairs: readonly PairEvaluation[];
  readonly privacy?: PrivacyEvaluation;
  /** What a user should know before relying on the rows, in sentences. */
  readonly warnings: readonly string[];
}

/** How good a model is at a column. */
export interface ColumnEvaluation {
  readonly name: string;
  /** Mean nats of a held-out cell, given the cells before it; absent for a model that scores rows as a whole. */
  readonly nats?: number;
  /** What the column's distributions in drawn and in held-out rows have in common: 1 if they are equal. */
  readonly similarity: number;
  readonly bars: readonly Bar[];
  /** How well it is predicted after training on drawn rows, beside real ones. */
  readonly usefulness?: Usefulness;
}

/**
 * How strongly two columns depend on each other: 0 if they are independent, 1 if each follows from the other. Of levels, and of ranges
 * that hold a tenth of the held-out rows each: Cramér's V with the correction of its bias.
 */
export interface PairEvaluation {
  readonly columns: readonly [string, string];
  /** In held-out rows. */
  readonly real: number;
  /** In drawn rows. */
  readonly synthetic: number;
}

/** How near drawn rows are to the rows that the model was trained on. */
export interface PrivacyEvaluation {
  /** The share of drawn rows that equal a training row. */
  readonly copies: number;
  /** The share of held-out rows that equal a training row: what is fair for drawn rows. */
  readonly heldOutCopies: number;
  /** The share of drawn rows nearer to a training row than to any of as many held-out rows: 0.5 is fair. */
  readonly nearer: number;
}

/**
 * Says whether the rows that a model draws are any good: whether they look real, serve in place of real ones, and repeat what the
 * model was trained on.
 *
 * @param heldOut - rows that the model was not trained on
 * @throws ArgumentError if a column is missing
 * @throws SerializationError at a cell that is not of its column's kind
 */
export async function evaluateTable(
  model: TableModel,
  heldOut: TextTable,
  options: EvaluateTableOptions,
): Promise<TableEvaluation> {
  const where = 'evaluateTable';
  checkTextTable(where, 'heldOut', heldOut);
  checkOptions(where, options, ['key', 'train', 'draws']);
  checkKey(where, options.key);
  checkInteger(where, 'rows of heldOut', heldOut.count, { min: 10 });
  if (options.train !== undefined) checkTextTable(where, 'train', options.train);
  const { key, train, draws = Math.min(Math.max(heldOut.count, 500), 10_000) } = options;
  checkInteger(where, 'draws', draws, { min: 10 });
  const codecs = model.codec.columns;
  const schema = { ...model.schema, columns: codecs.map((codec) => codec.schema) };
  const read = (table: TextTable) => readCells(table, schema).columns.map(({ values }) => values);
  const { rows: logProbs, cells } = await model.score(heldOut);
  const { table: drawnTable } = await model.sample(draws, { key: key.fold('draws') });
  const [real, drawn] = [read(heldOut), read(drawnTable)];
  const known = train && read(train);
  const some = (columns: Columns, most: number, name: string): Columns => {
    const order = key.fold(name).permutation(columns[0]!.length).slice(0, most);
    return columns.map((column) => Float64Array.from(order, (row) => column[row]!));
  };
  const trees = known && {
    drawn: some(drawn, TREE_ROWS, 'drawn'),
    train: some(known, Math.min(draws, TREE_ROWS), 'train'),
    heldOut: real,
  };
  const columns = codecs.map((codec, column): ColumnEvaluation => {
    const usefulness = trees && usefulnessOf(codec, column, trees);
    return {
      name: codec.schema.name,
      ...(cells[codec.schema.name] && { nats: -mean(cells[codec.schema.name]!) }),
      similarity: shapeSimilarity(codec, real[column]!, drawn[column]!),
      bars: barsOf(codec, real[column]!, drawn[column]!),
      ...(usefulness && { usefulness }),
    };
  });
  const pairs = pairsOf(codecs, some(real, TREE_ROWS, 'pairs real'), some(drawn, TREE_ROWS, 'pairs drawn'));
  const neighbours = known && Math.min(heldOut.count, known[0]!.length, NEIGHBOUR_ROWS);
  const nats = -mean(logProbs);
  const variance = mean(logProbs.map((logProb) => (logProb + nats) ** 2));
  const found = {
    rows: heldOut.count,
    draws,
    nats,
    standardError: Math.sqrt(variance / logProbs.length),
    ...(known && {
      baselines: baselinesOf(
        model.codec,
        known.map((column, at) => splitOf(column, real[at]!)),
      ),
    }),
    twoSampleAuroc: twoSampleTest(real, drawn, { key: key.fold('folds') }),
    columns,
    pairs,
    ...(known && {
      privacy: {
        copies: copyShare(drawn, known),
        heldOutCopies: copyShare(real, known),
        nearer: nearerShare(codecs, some(drawn, NEIGHBOUR_ROWS, 'near'), {
          train: some(known, neighbours!, 'near train'),
          heldOut: some(real, neighbours!, 'near held-out'),
        }),
      },
    }),
  };
  return { ...found, warnings: warningsOf(found, model) };
}

/** Bounds on rows, so that an evaluation takes seconds. */
const TREE_ROWS = 4000;
const NEIGHBOUR_ROWS = 2000;

function pairsOf(
  codecs: readonly ColumnCodec[],
  real: Columns,
  synthetic: Columns,
): readonly PairEvaluation[] {
  const classes = codecs.map((codec, at) => {
    const classify = classifier(codec, real[at]!);
    return { name: codec.schema.name, real: classify(real[at]!), synthetic: classify(synthetic[at]!) };
  });
  return classes.flatMap((a, at) =>
    classes.slice(at + 1).map((b) => ({
      columns: [a.name, b.name] as const,
      real: association(a.real, b.real),
      synthetic: association(a.synthetic, b.synthetic),
    })),
  );
}

/** A tenth of the training rows tunes the baselines. */
function splitOf(train: Float64Array, test: Float64Array): ColumnSplit {
  const isTenth = (row: number) => row % 10 === 0;
  return {
    train: train.filter((_, row) => !isTenth(row)),
    validation: train.filter((_, row) => isTenth(row)),
    test,
  };
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

function warningsOf(
  found: Omit<TableEvaluation, 'warnings'>,
  { kind, training }: Pick<TableModel, 'kind' | 'training'>,
): string[] {
  const {
    rows,
    draws,
    nats,
    baselines = training?.baselines,
    twoSampleAuroc,
    columns,
    pairs,
    privacy,
  } = found;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const quoted = (some: readonly ColumnEvaluation[]) => some.map(({ name }) => `"${name}"`).join(', ');
  const warnings: string[] = [];
  if (rows < 200) warnings.push(`There are only ${rows} held-out rows: all of these figures are rough.`);
  if (baselines && nats >= baselines.independent.nats) {
    warnings.push(
      'Independent columns fit held-out rows as well as this model: train longer, or on more rows.',
    );
  } else if (baselines && kind !== 'trees' && nats >= baselines.trees.nats) {
    warnings.push('A chain of trees fits held-out rows as well as this model: train longer.');
  }
  if (twoSampleAuroc > 0.7) {
    warnings.push('Drawn rows are easily told from real ones: train longer, or on more rows.');
  }
  const odd = columns.filter(({ similarity }) => similarity < 0.9 - 1 / Math.sqrt(rows));
  if (odd.length > 0) warnings.push(`Drawn values are distributed differently in ${quoted(odd)}.`);
  const least = 0.1 + 1 / Math.sqrt(rows);
  const apart = pairs.filter(({ real, synthetic }) => Math.abs(real - synthetic) > least);
  if (apart.length > 0) {
    const names = apart.slice(0, 5).map(({ columns: [a, b] }) => `"${a}" with "${b}"`);
    const more = apart.length > names.length ? ` and ${apart.length - names.length} more` : '';
    warnings.push(`Columns depend on each other otherwise in drawn rows: ${names.join(', ')}${more}.`);
  }
  const weak = columns.filter(
    ({ usefulness: use }) => use && use.real - use.synthetic > 0.05 + 0.5 / Math.sqrt(rows),
  );
  if (weak.length > 0) {
    warnings.push(
      `Models trained on drawn rows predict ${quoted(weak)} worse than those trained on real rows.`,
    );
  }
  if (!privacy) return warnings;
  const { copies, heldOutCopies, nearer } = privacy;
  // Three standard errors of the difference of two shares.
  const margin = 3 * Math.sqrt((heldOutCopies + 1 / rows) * (1 / draws + 1 / rows));
  if (copies > heldOutCopies + margin) {
    warnings.push(
      `${percent(copies)} of drawn rows are copies of training rows, but only ${percent(heldOutCopies)} of held-out rows are: do not publish them.`,
    );
  }
  const compared = Math.min(draws, rows, NEIGHBOUR_ROWS);
  if (nearer > 0.5 + 1.5 / Math.sqrt(compared)) {
    warnings.push(
      `${percent(nearer)} of drawn rows are nearer to training rows than to held-out rows: the model remembers rows it was trained on.`,
    );
  }
  return warnings;
}
