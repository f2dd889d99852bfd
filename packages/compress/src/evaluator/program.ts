import { ArgumentError, ShapeError, sizeOf } from '@dgm/core';
import type { Instruction, ProgramParts } from './instruction';
import { loopOf } from './loops';
import type { Operand, Run } from './loops';

/**
 * A function of arrays that gives the same bits on every machine: instructions in a fixed order, each a loop in a fixed order
 * over doubles, with no operation but those that IEEE 754 defines exactly.
 *
 * It holds the memory of one run. Made by {@link traceProgram} or read from a file.
 */
export class Program {
  readonly parts: ProgramParts;
  readonly #buffers: (Float64Array | undefined)[];
  /** What is left to do when the inputs are there. */
  readonly #runs: readonly Run[];

  constructor(parts: ProgramParts) {
    this.parts = parts;
    this.#buffers = new Array<Float64Array | undefined>(parts.values.length);
    for (const [value, data] of parts.constants) this.#buffers[value] = Float64Array.from(data);
    for (const value of Object.values(parts.inputs))
      this.#buffers[value] = new Float64Array(this.#size(value));
    this.#runs = this.#prepare();
  }

  /** How many numbers an output has; undefined if there is no such output. */
  sizeOf(output: string): number | undefined {
    const value = this.parts.outputs[output];
    return value === undefined ? undefined : this.#size(value);
  }

  /**
   * Runs the program.
   * @param inputs - as many numbers for each input as its shape has
   * @returns the outputs; they are overwritten by the next run
   * @throws ShapeError for an input that is missing or of another size
   * @throws ArgumentError for an input that there is not
   */
  run(inputs: Readonly<Record<string, ArrayLike<number>>>): Readonly<Record<string, Float64Array>> {
    const unknown = Object.keys(inputs).find((name) => this.parts.inputs[name] === undefined);
    if (unknown !== undefined) {
      throw new ArgumentError({
        where: 'Program.run',
        argument: unknown,
        expected: `to be one of ${Object.keys(this.parts.inputs).join(', ')}`,
        actual: 'an unknown input',
      });
    }
    for (const [name, value] of Object.entries(this.parts.inputs)) {
      const buffer = this.#buffers[value]!;
      const given = inputs[name];
      if (given?.length !== buffer.length) {
        throw new ShapeError({
          where: 'Program.run',
          argument: name,
          expected: `of ${buffer.length} numbers`,
          actual: given === undefined ? 'nothing' : String(given.length),
        });
      }
      buffer.set(given);
    }
    for (const run of this.#runs) run();
    // An output that is an input is copied: the next run may be given it as another input.
    const entered = new Set(Object.values(this.parts.inputs).map((value) => this.#buffers[value]));
    return Object.fromEntries(
      Object.entries(this.parts.outputs).map(([name, value]) => {
        const buffer = this.#buffers[value]!;
        return [name, entered.has(buffer) ? buffer.slice() : buffer];
      }),
    );
  }

  /** Gives every value its memory, computes what depends on constants alone, and reuses memory that is read no more. */
  #prepare(): Run[] {
    const { instructions, inputs, outputs, constants } = this.parts;
    const isConstant = new Set(constants.keys());
    const dynamic: Instruction[] = [];
    for (const instruction of instructions) {
      if (instruction.inputs.every((value) => isConstant.has(value))) {
        isConstant.add(instruction.output);
        this.#buffers[instruction.output] =
          instruction.operation.op === 'alias'
            ? this.#buffers[instruction.inputs[0]!]!
            : new Float64Array(this.#size(instruction.output));
        this.#compile(instruction)();
      } else dynamic.push(instruction);
    }
    // Aliases share the memory of the value that they are of.
    const owner = new Map<number, number>();
    const ownerOf = (value: number): number => owner.get(value) ?? value;
    for (const {
      operation,
      inputs: [input],
      output,
    } of dynamic) {
      if (operation.op === 'alias') owner.set(output, ownerOf(input!));
    }
    const lastRead = new Map<number, number>();
    dynamic.forEach((instruction, index) => {
      for (const value of instruction.inputs) lastRead.set(ownerOf(value), index);
    });
    const kept = new Set([...isConstant, ...Object.values(inputs), ...Object.values(outputs).map(ownerOf)]);
    const free = new Map<number, Float64Array[]>();
    const runs: Run[] = [];
    dynamic.forEach((instruction, index) => {
      const { operation, output } = instruction;
      if (operation.op === 'alias') {
        this.#buffers[output] = this.#buffers[ownerOf(output)]!;
      } else {
        const size = this.#size(output);
        this.#buffers[output] = free.get(size)?.pop() ?? new Float64Array(size);
        runs.push(this.#compile(instruction));
      }
      for (const value of new Set(instruction.inputs.map(ownerOf))) {
        if (lastRead.get(value) !== index || kept.has(value)) continue;
        const buffer = this.#buffers[value]!;
        const list = free.get(buffer.length) ?? [];
        list.push(buffer);
        free.set(buffer.length, list);
      }
    });
    return runs;
  }

  #size(value: number): number {
    return sizeOf(this.parts.values[value]!.shape);
  }

  #compile({ operation, inputs, output }: Instruction): Run {
    const operand = (value: number): Operand => ({
      data: this.#buffers[value]!,
      shape: this.parts.values[value]!.shape,
    });
    return loopOf(operation, inputs.map(operand), operand(output));
  }
}
