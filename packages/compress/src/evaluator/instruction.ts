import type { Shape } from '@dgm/core';
import type { BinaryName, UnaryName } from './elementwise';

/** The types of values in a program. */
export type ValueType = 'float32' | 'int32' | 'bool';

/** The shape and the type of a value in a program. */
export interface ValueSpec {
  readonly shape: Shape;
  readonly type: ValueType;
}

/** Numbers of a constant, as they are stored; they are computed with as doubles. */
export type ConstantData = Float32Array | Int32Array | Uint8Array;

/** The window of a convolution or pool over `[n, height, width, channels]`: rows first, then columns. */
export interface Window {
  readonly size: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Rows and columns before the first. */
  readonly before: readonly [number, number];
}

/** What an instruction does, besides which values it reads and writes. */
export type Operation =
  /** The input in another shape, or as another type that takes every value. */
  | { readonly op: 'alias' }
  /** A function of each element. */
  | { readonly op: 'map'; readonly fn: UnaryName; readonly parameters: readonly number[] }
  /** A function of two elements, with broadcasting. */
  | { readonly op: 'zip'; readonly fn: BinaryName }
  /** The second or third input where the first is true or false, with broadcasting. */
  | { readonly op: 'select' }
  /** Element i of the output is that at `offset + sum_a strides[a] i_a` of the input. */
  | { readonly op: 'view'; readonly offset: number; readonly strides: readonly number[] }
  /** Every input is written to its own offset in the output, which is `fill` elsewhere. Strides are the output's own. */
  | { readonly op: 'place'; readonly offsets: readonly number[]; readonly fill: number }
  /** Folds each run of `size` elements, from the first to the last. */
  | { readonly op: 'reduce'; readonly fn: ReduceName; readonly size: number }
  /** Cumulates along an axis of `size` elements that lie `inner` apart. */
  | {
      readonly op: 'scan';
      readonly fn: 'sum' | 'prod';
      readonly size: number;
      readonly inner: number;
      readonly exclusive: boolean;
      readonly reverse: boolean;
    }
  /** Matrices `[batch, m, k]` and `[batch or 1, k, n]`; sums from the first k to the last. */
  | { readonly op: 'product' }
  /** Correlation with filters `[height, width, in, out]`. */
  | ({ readonly op: 'convolution' } & Window)
  /** Its transpose: the second input's filters, as the convolution would have them, spread the first. */
  | ({ readonly op: 'transposed-convolution' } & Window)
  /** With filters `[height, width, channels, multiplier]`. */
  | ({ readonly op: 'depthwise-convolution' } & Window)
  | ({ readonly op: 'pool'; readonly fn: 'max' | 'mean' } & Window)
  /** Blocks of `inner` elements of the first input, by the indices of the second, along an axis of `size`. */
  | { readonly op: 'gather'; readonly size: number; readonly inner: number }
  | { readonly op: 'one-hot'; readonly on: number; readonly off: number };

export type ReduceName = 'sum' | 'mean' | 'prod' | 'max' | 'min' | 'arg-max' | 'arg-min';

/** One step of a program: values are numbers of its list. */
export interface Instruction {
  readonly operation: Operation;
  readonly inputs: readonly number[];
  readonly output: number;
}

/** A program as it is stored: values, instructions in their order, constants. */
export interface ProgramParts {
  readonly values: readonly ValueSpec[];
  readonly instructions: readonly Instruction[];
  readonly inputs: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, number>>;
  readonly constants: ReadonlyMap<number, ConstantData>;
}
