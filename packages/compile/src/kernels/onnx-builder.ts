import type { DType, Value } from '../graph/graph';

/** An attribute of an ONNX node; floats are told from integers by `{ float }`. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** Collects the nodes and initializers of an ONNX graph and names its values. */
export interface OnnxBuilder {
  /** Adds a node; gives the name of its first output. The operators of ONNX Runtime have the name of their domain before theirs. */
  node(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string;
  /** Adds a node with several outputs. */
  nodes(
    op: string,
    inputs: readonly string[],
    outputs: number,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): string[];
  /** An int64 tensor of rank 1: axes, shapes, indices. */
  int64(values: readonly number[]): string;
  /** Numbers of a tensor of rank 1. */
  vector(values: readonly number[], dtype: DType): string;
  /** A scalar. */
  scalar(value: number, dtype: DType): string;
  /** The name of a value of the graph. */
  nameOf(value: Value): string;
  cast(name: string, to: DType | 'int64'): string;
  /** A value in another shape, from its own where that is known: a chain of these is one Reshape, or none. */
  reshape(name: string, shape: readonly number[], from?: readonly number[]): string;
}
