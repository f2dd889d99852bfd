import type { Attributes, TensorSpec, Value } from '../graph/graph';
import type { OnnxBuilder } from './onnx-builder';

/** What is known of a tfjs kernel: how to name its inputs, what shapes it gives, and what it is in ONNX. */
export interface Kernel {
  /** The names of the inputs in tfjs's order (an optional one may be absent), or `list` for a numbered list. */
  readonly inputs: readonly string[] | 'list';
  /** What a reader of the table of kernels should know. */
  readonly note?: string;
  infer(inputs: readonly Value[], attributes: Attributes): readonly TensorSpec[];
  /** Writes the ONNX nodes; gives the name of each output. */
  lower(call: LoweringCall): readonly string[];
}

export interface LoweringCall {
  readonly onnx: OnnxBuilder;
  /** ONNX names of the inputs. */
  readonly names: readonly string[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

export type KernelTable = Readonly<Record<string, Kernel>>;
