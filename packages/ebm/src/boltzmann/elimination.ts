import { logSumExp, NumericalError, UnsupportedError } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Edge } from './graph';

/** How many additions to states of a table are feasible: those of a grid of 12 by 12 bits, or of 8 by 8 units of three values. */
const MOST_SUMS = 2 ** 23;

/**
 * An order in which units enter and leave a table of states, so that few are in it at a time: a unit leaves, summed or maximized
 * over, when it and all its neighbours have entered. On a grid this is the method of transfer matrices.
 */
export type Elimination = readonly {
  /** The unit that enters, as the last of those in the table. */
  readonly unit: number;
  /** Its edges to units in the table, by the number of the edge and the place of the unit in the table. */
  readonly links: readonly { readonly edge: number; readonly place: number }[];
  /** The units that leave then, one after the other, by their places in the table at that time. */
  readonly leaving: readonly { readonly unit: number; readonly place: number }[];
}[];

/**
 * Looks for such an order: in each step the unit that leaves the fewest units in the table, the first of these.
 * @param levels - how many values a unit has
 * @returns undefined where it would take too long
 */
export function eliminationOf(size: number, edges: readonly Edge[], levels: number): Elimination | undefined {
  const neighbours = Array.from({ length: size }, () => [] as { unit: number; edge: number }[]);
  edges.forEach(([i, j], edge) => {
    neighbours[i]!.push({ unit: j, edge });
    neighbours[j]!.push({ unit: i, edge });
  });
  /** How many neighbours of each unit have not entered. */
  const waiting = neighbours.map((others) => others.length);
  const rest = new Set(neighbours.keys());
  const table: number[] = [];
  const left = (unit: number): number =>
    neighbours[unit]!.reduce(
      (count, other) => count - (!rest.has(other.unit) && waiting[other.unit] === 1 ? 1 : 0),
      waiting[unit] === 0 ? 0 : 1,
    );
  const steps: Elimination[number][] = [];
  let sums = 0;
  while (rest.size > 0) {
    let [unit, fewest] = [-1, Infinity];
    for (const candidate of rest) {
      const count = left(candidate);
      if (count < fewest) [unit, fewest] = [candidate, count];
    }
    rest.delete(unit);
    const links = neighbours[unit]!.filter((other) => !rest.has(other.unit)).map((other) => ({
      edge: other.edge,
      place: table.indexOf(other.unit),
    }));
    for (const other of neighbours[unit]!) waiting[other.unit]! -= 1;
    table.push(unit);
    sums += levels ** table.length * (1 + links.length);
    const isDone = (member: number): boolean => waiting[member] === 0;
    const leaving = table.filter(isDone).map((member) => {
      const place = table.indexOf(member);
      sums += levels ** table.length;
      table.splice(place, 1);
      return { unit: member, place };
    });
    if (sums > MOST_SUMS) return undefined;
    steps.push({ unit, links, leaving });
  }
  return steps;
}

/** @throws UnsupportedError where sums over all states take too long */
export function checkEliminates(
  where: string,
  elimination: Elimination | undefined,
  remedy = 'estimate it with partition',
): asserts elimination is Elimination {
  if (elimination !== undefined) return;
  throw new UnsupportedError({
    where,
    argument: 'the graph',
    expected: 'to be small or narrow, such as a grid of 12 by 12 bits',
    actual: `one with more than 2^${Math.log2(MOST_SUMS)} sums over states`,
    remedy,
  });
}

/** A sum over units and edges of a function of the values at each, as tensors. */
export interface PairwiseTensors {
  /** Of each value of a unit, `[levels]`. */
  unit(unit: number): Tensor;
  /** Of each pair of values at an edge, `[levels, levels]`, symmetric. */
  pair(edge: number): Tensor;
}

/** $\ln \sum_x e^{f(x)}$ over all states of the units for the sum f, differentiable, by elimination. */
export function logSumByElimination(
  elimination: Elimination,
  levels: number,
  { unit: ofUnit, pair }: PairwiseTensors,
): Scalar {
  return tf.tidy(() => {
    let [table, open]: [Tensor, number] = [tf.zeros([1]), 0];
    for (const { unit, links, leaving } of elimination) {
      const before = table;
      // A table of a million states is let go as soon as the next is there.
      table = tf.tidy(() => {
        let grown: Tensor = tf.add(tf.reshape(before, [-1, 1]), tf.reshape(ofUnit(unit), [1, levels]));
        for (const { edge, place } of links) {
          const byPair = tf.reshape(grown, [levels ** place, levels, levels ** (open - place - 1), levels]);
          grown = tf.add(byPair, tf.reshape(pair(edge), [1, levels, 1, levels]));
        }
        open += 1;
        for (const { place } of leaving) {
          const byUnit = tf.reshape(grown, [levels ** place, levels, levels ** (open - place - 1)]);
          grown = logSumExp(byUnit, { axis: 1 });
          open -= 1;
        }
        return tf.reshape(grown, [-1]);
      });
      before.dispose();
    }
    return tf.reshape(table, []) as Scalar;
  });
}

/** A sum over units and edges of a function of the values at each, as numbers. */
export interface LogPotentials {
  /** How many values a unit has. */
  readonly levels: number;
  /** Of each value of each unit, unit by unit. */
  readonly units: Float64Array;
  readonly edges: readonly Edge[];
  /** Of each pair of values at each edge, edge by edge: a symmetric matrix each. */
  readonly pairs: Float64Array;
}

/**
 * The values of all units at which the sum is largest, and that sum, by elimination.
 * @throws NumericalError for potentials that are not finite
 */
export function largestByElimination(
  where: string,
  elimination: Elimination,
  { levels, units, pairs }: LogPotentials,
): { readonly values: Int32Array; readonly sum: number } {
  checkFinite(where, [units, pairs]);
  let table: Float64Array = new Float64Array(1);
  /** For each unit, in the order in which they leave: its best value for each state of the others in the table. */
  const choices: { unit: number; best: Uint32Array; others: readonly number[] }[] = [];
  const open: number[] = [];
  for (const { unit, links, leaving } of elimination) {
    const grown = new Float64Array(table.length * levels);
    for (let state = 0; state < table.length; state++) {
      for (let value = 0; value < levels; value++) {
        let sum = table[state]! + units[unit * levels + value]!;
        for (const { edge, place } of links) {
          const other = Math.floor(state / levels ** (open.length - place - 1)) % levels;
          sum += pairs[(edge * levels + other) * levels + value]!;
        }
        grown[state * levels + value] = sum;
      }
    }
    table = grown;
    open.push(unit);
    for (const { unit: member, place } of leaving) {
      const after = levels ** (open.length - place - 1);
      const [largest, best] = [
        new Float64Array(table.length / levels),
        new Uint32Array(table.length / levels),
      ];
      for (let state = 0; state < largest.length; state++) {
        const first = Math.floor(state / after) * after * levels + (state % after);
        largest[state] = -Infinity;
        for (let value = 0; value < levels; value++) {
          const sum = table[first + value * after]!;
          if (sum > largest[state]!) [largest[state], best[state]] = [sum, value];
        }
      }
      table = largest;
      open.splice(place, 1);
      choices.push({ unit: member, best, others: [...open] });
    }
  }
  const values = new Int32Array(units.length / levels);
  for (const { unit, best, others } of choices.reverse()) {
    values[unit] = best[others.reduce((state, other) => state * levels + values[other]!, 0)]!;
  }
  return { values, sum: table[0]! };
}

/** @throws NumericalError for an array with an entry that is infinite or not a number */
function checkFinite(where: string, arrays: readonly Float64Array[]): void {
  const broken = arrays
    .map((values) => values.find((value) => !Number.isFinite(value)))
    .find((value) => value !== undefined);
  if (broken === undefined) return;
  throw new NumericalError({
    where,
    argument: 'the weights of the model',
    expected: 'to be finite',
    actual: String(broken),
  });
}
