import { sizeOf } from '@dgm/core';
import { BINARY, UNARY } from '../graph/arithmetic';
import { producer, uniformConstant } from '../graph/graph';
import type { Value } from '../graph/graph';

/** A number of a step as a function of the numbers that the host gives to it, by the names of the graph's inputs. */
export type ScalarFormula = (given: (name: string) => number) => number;

/**
 * How the host itself computes scalars, such as a learning rate with its bias correction, that depend on nothing but
 * numbers it gives; nothing for those that depend on what the graph computes.
 * @param isGiven - which of the graph's inputs the host has as numbers
 */
export function scalarFormulas(
  isGiven: (name: string) => boolean,
): (value: Value) => ScalarFormula | undefined {
  const known = new Map<Value, ScalarFormula | undefined>();
  const formulaOf = (value: Value): ScalarFormula | undefined => {
    if (!known.has(value)) known.set(value, derive(value));
    return known.get(value);
  };
  const derive = (value: Value): ScalarFormula | undefined => {
    if (sizeOf(value.shape) !== 1 || value.dtype !== 'float32') return undefined;
    const constant = uniformConstant(value);
    if (constant !== undefined) return () => constant;
    if (value.source.kind === 'input') {
      const { name } = value.source;
      return isGiven(name) ? (given) => given(name) : undefined;
    }
    const { kernel, inputs } = producer(value)!;
    const [a, b] = inputs.map(formulaOf);
    const [unary, binary] = [UNARY[kernel], BINARY[kernel]];
    if (unary !== undefined && a !== undefined) return (given) => Math.fround(unary(a(given)));
    if (binary === undefined || a === undefined || b === undefined) return undefined;
    return (given) => Math.fround(binary(a(given), b(given)));
  };
  return formulaOf;
}
