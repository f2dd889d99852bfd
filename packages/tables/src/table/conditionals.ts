import { Key, type Engine, type PreparedFunction } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { SeenRows } from '../model/masks';
import type { ColumnDistribution } from './column-distribution';
import { distributionOf, placeOf, type ConditionalNetwork } from './draw';
import type { AnyOrderQueries, CellQuestion } from './row-model';

/** Rows that the network is asked about at a time. Fixed, so that a row's numbers depend on no other row. */
const BLOCK = 256;

/** Nothing is drawn in the network. */
const NO_KEY = Key.of(0);

interface Question {
  readonly seen: SeenRows;
  readonly group: Tensor1D;
}

/** The conditional distributions of a network on an engine. */
export class Conditionals implements AnyOrderQueries {
  readonly sees = 'any';
  readonly #measures: Partial<Record<'numbers' | 'categories', PreparedFunction<Question>>> = {};

  constructor(
    private readonly network: ConditionalNetwork,
    private readonly engine: Engine,
  ) {}

  /**
   * Visits the distribution of a column's cell in each of some rows.
   * @param isSeen - whether a known cell may be seen; all are by default, the cell itself never
   * @param visit - called for each row, in order
   */
  async column(
    column: number,
    { rows, chosen, isSeen = () => true }: CellQuestion,
    visit: (row: number, distribution: ColumnDistribution, at: number) => void,
  ): Promise<void> {
    const { isNumber, group } = placeOf(this.network, column);
    const measure = await this.#measure(isNumber ? 'numbers' : 'categories');
    for (let start = 0; start < chosen.length; start += BLOCK) {
      const block = Array.from(
        { length: Math.min(BLOCK, chosen.length - start) },
        (_, at) => chosen[start + at]!,
      );
      const isOther = (row: number, other: number) => other !== column && isSeen(row, other);
      const seen = rows.seen(this.network.layout, block, BLOCK, isOther);
      const question = { seen, group: tf.tensor1d([group], 'int32') };
      try {
        const outputs = await measure.run(question, NO_KEY);
        const distribution = distributionOf(this.network, column, outputs);
        block.forEach((row, at) => visit(row, distribution, at));
      } finally {
        tf.dispose([seen.codes, seen.features, question.group]);
      }
    }
  }

  dispose(): void {
    for (const measure of Object.values(this.#measures)) measure.dispose();
  }

  async #measure(kind: 'numbers' | 'categories'): Promise<PreparedFunction<Question>> {
    const { network } = this;
    return (this.#measures[kind] ??= await this.engine.prepareFunction<Question>(({ seen, group }) =>
      kind === 'numbers' ? network.numberColumn(seen, group) : network.categoryColumn(seen, group),
    ));
  }
}
