import type { Variable } from '@tensorflow/tfjs-core';
import { UnsupportedError } from '@dgm/core';
import { capture } from '../capture/capture';
import type { InputSpec } from '../capture/capture';
import type { TensorFunction } from '../function/compile';
import { constantValue, inputValue } from '../graph/graph';
import type { Data, DType, Graph, Value } from '../graph/graph';
import { dropUnusedInputs, substitute } from '../graph/substitute';
import { portablePasses, simplify } from '../passes/simplify';

/** Captures the functions of one file: their weights are stored once, and their draws are numbered in order. */
export class FileCaptures {
  /** What weights are called in the file: their paths. */
  readonly names = new Map<Value, string>();
  /** What each input of noise is drawn from. */
  readonly distributions = new Map<string, string>();
  readonly #weights = new Map<Variable, Value>();
  readonly #paths: ReadonlyMap<Variable, string>;

  constructor(parameters: ReadonlyMap<string, Variable>) {
    this.#paths = new Map([...parameters].map(([path, variable]) => [variable, path]));
  }

  /**
   * A function with its weights as constants, and its draws as inputs `noise/0`, `noise/1`, ...
   * @throws UnsupportedError where it assigns a variable
   */
  capture(fn: TensorFunction, specs: Readonly<Record<string, InputSpec>>): Graph {
    const { graph, state, draws } = capture(fn, specs);
    if ([...state.keys()].some((name) => graph.outputs.has(name))) {
      throw new UnsupportedError({
        where: 'exportOnnx',
        argument: 'the function',
        expected: 'to assign no variable',
        actual: 'one that does',
        remedy: 'export it without training',
      });
    }
    const replacements = new Map<string, Value>();
    for (const [name, variable] of state) replacements.set(name, this.#weightOf(variable));
    const noise = new Map<string, Value>();
    for (const [name, { shape, distribution }] of draws) {
      const own = `noise/${this.distributions.size}`;
      const value = inputValue(own, { shape, dtype: 'float32' });
      this.distributions.set(own, distribution);
      replacements.set(name, value);
      noise.set(own, value);
    }
    const { inputs, outputs } = substitute(graph, replacements);
    return dropUnusedInputs(simplify({ outputs, inputs: new Map([...inputs, ...noise]) }, portablePasses));
  }

  #weightOf(variable: Variable): Value {
    const known = this.#weights.get(variable);
    if (known !== undefined) return known;
    const data = (variable.dataSync() as Data).slice();
    const weight = constantValue(data, variable.shape, variable.dtype as DType);
    this.#weights.set(variable, weight);
    const path = this.#paths.get(variable);
    if (path !== undefined) this.names.set(weight, path);
    return weight;
  }
}

/** What the metadata say of one input or output. */
export interface Described {
  /** A name stands for a size that the user chooses. */
  readonly shape: readonly (number | string)[];
  readonly dtype: DType;
  /** What noise is drawn from. */
  readonly distribution?: string;
  /** What an input is given by default. */
  readonly values?: readonly number[];
}
