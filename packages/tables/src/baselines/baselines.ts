import type { TableCodec } from '../codec/table-codec';
import { ChainOfTrees } from './chain-of-trees';
import { fittedHistogram, type ColumnSplit } from './independent';

/** Mean nats of held-out rows, and of their cells by column. */
export interface BaselineNats {
  readonly nats: number;
  readonly columns: Readonly<Record<string, number>>;
}

/** What simple models make of held-out rows: what a network has to be better than. */
export interface Baselines {
  /** A histogram of each column, drawn independently of each other. */
  readonly independent: BaselineNats;
  /** A tree for each column, which predicts it from the columns before. */
  readonly trees: BaselineNats;
}

/**
 * Fits the baselines to training rows, and measures them on test rows.
 * @param columns - the values of each column, by what the rows are used for
 */
export function baselinesOf(codec: TableCodec, columns: readonly ColumnSplit[]): Baselines {
  const codecs = codec.columns;
  const named = (nats: readonly number[]): BaselineNats => ({
    nats: nats.reduce((sum, value) => sum + value, 0),
    columns: Object.fromEntries(codecs.map(({ schema }, at) => [schema.name, nats[at]!])),
  });
  return {
    independent: named(codecs.map((own, at) => fittedHistogram(own, columns[at]!).nats(columns[at]!.test))),
    trees: named(ChainOfTrees.of(codec, columns).nats(columns.map(({ test }) => test))),
  };
}
