import { assemble } from './assemble';
import type { ElementwiseProgram, Update } from './expression';

const PAGE = 65536;

/** A stretch of host memory that ONNX Runtime and the update functions share. */
export interface Block {
  /** In bytes, a multiple of 16. */
  readonly offset: number;
  readonly data: Float32Array;
}

/** Memory for tensors that are updated in place, and the compiled functions that update them. */
export class Arena {
  readonly #memory: WebAssembly.Memory;
  readonly #functions = new Map<string, (...operands: number[]) => void>();
  #used = 0;

  /** @param sizes - the number of elements of every tensor that will be placed */
  constructor(sizes: readonly number[]) {
    const bytes = sizes.reduce((total, size) => total + padded(size), 0);
    const initial = Math.max(1, Math.ceil(bytes / PAGE));
    // Never grown: growing would take the buffer away from under the runtime.
    this.#memory = new WebAssembly.Memory({ initial, maximum: initial });
  }

  place(size: number): Block {
    const offset = this.#used;
    this.#used += padded(size);
    return { offset, data: new Float32Array(this.#memory.buffer, offset, size) };
  }

  /** Compiles an update for given blocks; calling the result with the scalars' values applies it. */
  bind(
    update: Update,
    tensors: readonly Block[],
    results: readonly Block[],
  ): (scalars: readonly number[]) => void {
    const run = this.#functionFor(update.program, tensors.length, update.scalars.length);
    const offsets = [...tensors, ...results].map(({ offset }) => offset);
    return (scalars) => run(update.size, ...offsets, ...scalars);
  }

  /** The variables of a network differ in size, not in their optimizer: one function serves all. */
  #functionFor(
    program: ElementwiseProgram,
    tensors: number,
    scalars: number,
  ): (...operands: number[]) => void {
    const key = JSON.stringify(program);
    const known = this.#functions.get(key);
    if (known !== undefined) return known;
    const module = new WebAssembly.Module(assemble(program, tensors, scalars));
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    const run = instance.exports['run'] as (...operands: number[]) => void;
    this.#functions.set(key, run);
    return run;
  }
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 16;
}
