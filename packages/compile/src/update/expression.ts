import { sameShape, sizeOf } from '@dgm/core';
import { producer, uniformConstant } from '../graph/graph';
import type { Value } from '../graph/graph';

/** Kernels that the host applies element by element. */
export type ElementwiseOp =
  'Abs' | 'Add' | 'Maximum' | 'Minimum' | 'Multiply' | 'Neg' | 'RealDiv' | 'Sqrt' | 'Square' | 'Sub';

const OPS: ReadonlySet<string> = new Set<ElementwiseOp>([
  'Abs',
  'Add',
  'Maximum',
  'Minimum',
  'Multiply',
  'Neg',
  'RealDiv',
  'Sqrt',
  'Square',
  'Sub',
]);

/** One step of a straight-line program over single elements. Operands are indices of earlier steps. */
export type Step =
  | { readonly kind: 'tensor'; readonly index: number }
  | { readonly kind: 'scalar'; readonly index: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'op'; readonly op: ElementwiseOp; readonly operands: readonly number[] };

/** Several tensors of one size computed together, element by element, from tensors of that size and from scalars. */
export interface ElementwiseProgram {
  readonly steps: readonly Step[];
  /** Which step gives which result. */
  readonly results: readonly number[];
}

/** A program together with the graph's values that it reads and makes. */
export interface Update {
  readonly program: ElementwiseProgram;
  readonly size: number;
  readonly tensors: readonly Value[];
  readonly scalars: readonly Value[];
  readonly results: readonly string[];
}

/**
 * The part of a graph that computes some outputs of one shape element by element, back to what is not elementwise
 * (a gradient), is a scalar, or enters the graph.
 */
export function elementwiseUpdate(outputs: ReadonlyMap<string, Value>): Update {
  const [{ shape }] = [...outputs.values()] as [Value];
  const steps: Step[] = [];
  const tensors: Value[] = [];
  const scalars: Value[] = [];
  const stepOf = new Map<Value, number>();
  const visit = (value: Value): number => {
    const known = stepOf.get(value);
    if (known !== undefined) return known;
    const step = stepFor(value);
    stepOf.set(value, steps.push(step) - 1);
    return steps.length - 1;
  };
  const stepFor = (value: Value): Step => {
    const constant = uniformConstant(value);
    if (constant !== undefined) return { kind: 'constant', value: constant };
    const node = producer(value);
    if (
      node !== undefined &&
      OPS.has(node.kernel) &&
      sameShape(value.shape, shape) &&
      node.inputs.every((input) => isOperand(input, shape))
    ) {
      return { kind: 'op', op: node.kernel as ElementwiseOp, operands: node.inputs.map(visit) };
    }
    if (sameShape(value.shape, shape)) return { kind: 'tensor', index: tensors.push(value) - 1 };
    return { kind: 'scalar', index: scalars.push(value) - 1 };
  };
  const results = [...outputs.values()].map(visit);
  return { program: { steps, results }, size: sizeOf(shape), tensors, scalars, results: [...outputs.keys()] };
}

function isOperand(value: Value, shape: readonly number[]): boolean {
  return (
    value.dtype === 'float32' &&
    (sameShape(value.shape, shape) || sizeOf(value.shape) === 1 || uniformConstant(value) !== undefined)
  );
}
