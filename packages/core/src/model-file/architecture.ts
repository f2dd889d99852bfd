/**
 * The architecture of a model as JSON: the calls that made it and everything that its options hold, in the order in which they
 * have to be repeated. A part refers to earlier parts by index, so that a network that is used twice stays one.
 *
 * A value of an option is written as itself where JSON has it. Otherwise it is an object with one key:
 *
 * | key          | value                                                  |
 * | ------------ | ------------------------------------------------------ |
 * | `$part`      | the index of an earlier part                           |
 * | `$key`       | the 16 hexadecimal digits of a `Key`                   |
 * | `$tensor`    | the name of a tensor of the file                       |
 * | `$number`    | `NaN`, `Infinity`, `-Infinity` or `-0`                 |
 * | `$undefined` | `true`, for an argument that was left out              |
 * | `$export`    | `[package, name]` of a function or object of a package |
 * | a typed array's class, such as `$Int32Array` | its elements           |
 */
export interface Architecture {
  /** The last one is the model. */
  readonly parts: readonly Part[];
  /** The versions of the packages that made the parts. */
  readonly packages: Readonly<Record<string, string>>;
}

/** One call of a function or class of a package. */
export interface Part {
  readonly package: string;
  readonly name: string;
  readonly args: readonly Json[];
}

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The typed arrays that options may hold, by the key of their JSON. */
export const TYPED_ARRAYS = {
  $Float32Array: Float32Array,
  $Float64Array: Float64Array,
  $Int8Array: Int8Array,
  $Int16Array: Int16Array,
  $Int32Array: Int32Array,
  $Uint8Array: Uint8Array,
  $Uint16Array: Uint16Array,
  $Uint32Array: Uint32Array,
};

/** The numbers that JSON does not have. */
export const NUMBERS: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

/** The functions and classes of a package that a model file may name. */
export interface ModelParts {
  /** The package's name. */
  readonly package: string;
  /** The package's version. */
  readonly version: string;
  /**
   * Functions and classes that {@link recordConstruction} names, and functions and objects that options hold as they are, by the
   * names of their exports.
   */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** A package that model files can name: its module (`import * as vae from '@dgm/vae'`). */
export interface ModelPackage {
  readonly modelParts: ModelParts;
}

/** The largest integer of an option: lists and tensors of so many entries, made before the weights are compared, fit in memory. */
export const LARGEST_INTEGER = 2 ** 24;

/** Whether a number could be a size beyond {@link LARGEST_INTEGER}. */
export const isTooLarge = (value: number): boolean => value > LARGEST_INTEGER && Number.isSafeInteger(value);
