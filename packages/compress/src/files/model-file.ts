import { DgmError, readSafetensors, SerializationError, sizeOf, writeSafetensors } from '@dgm/core';
import type { TensorFile } from '@dgm/core';
import { isSound } from '../evaluator/check-instruction';
import type { ConstantData, ProgramParts, ValueSpec, ValueType } from '../evaluator/instruction';
import { Program } from '../evaluator/program';

/** Programs and what a codec needs to know besides: a model that needs neither its package nor TensorFlow.js. */
export interface ModelFile {
  /** The kind of codec that it is for. */
  readonly method: string;
  /** What the codec knows of the examples, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly programs: Readonly<Record<string, Program>>;
}

const FORMAT = 'dgm.codec';
const VERSION = '1';
/** The most numbers that the values of a program may have in all: 2 GiB of doubles. Positions take at most as much again. */
const MOST_NUMBERS = 2 ** 28;

type StoredProgram = Omit<ProgramParts, 'constants'> & {
  /** Values that are constants, with the names of their tensors. */
  readonly constants: Readonly<Record<string, string>>;
};

/** Writes a safetensors file: constants as tensors, each once, and instructions as JSON among the metadata. */
export function writeModelFile({ method, settings, programs }: ModelFile): Uint8Array {
  const tensors = new Map<string, TensorFile['tensors'] extends ReadonlyMap<string, infer T> ? T : never>();
  const known = new Map<string, string>();
  const nameOf = (data: ConstantData, { shape, type }: ValueSpec): string => {
    // Weights are in several programs, but the file holds them once.
    const content = `${type} ${shape.join()} ${Array.from(data).join()}`;
    const name = known.get(content) ?? `constant/${known.size}`;
    if (!known.has(content)) tensors.set(name, { dtype: type, shape, values: data });
    known.set(content, name);
    return name;
  };
  const stored = Object.entries(programs).map(([name, { parts }]) => {
    const constants = [...parts.constants].map(([value, data]) => [
      value,
      nameOf(data, parts.values[value]!),
    ]);
    return [name, { ...parts, constants: Object.fromEntries(constants) as Record<string, string> }] as const;
  });
  return writeSafetensors({
    tensors,
    metadata: {
      format: FORMAT,
      version: VERSION,
      method,
      settings: JSON.stringify(settings),
      programs: JSON.stringify(Object.fromEntries(stored), writeNumber),
    },
  });
}

/** @throws SerializationError if the bytes are no such file, or its programs do not fit together */
export function readModelFile(bytes: Uint8Array): ModelFile {
  const { tensors, metadata } = readSafetensors(bytes, WHERE);
  if (metadata['format'] !== FORMAT) throw damaged('to be the file of a codec', `${metadata['format']}`);
  if (metadata['version'] !== VERSION) {
    throw damaged(`to be of version ${VERSION}`, `version ${metadata['version']}`);
  }
  try {
    const stored = JSON.parse(metadata['programs'] ?? '', readNumber) as Record<string, StoredProgram>;
    const programs = Object.entries(stored).map(([name, program]) => [name, readProgram(program, tensors)]);
    return {
      method: metadata['method'] ?? '',
      settings: JSON.parse(metadata['settings'] ?? '') as Record<string, unknown>,
      programs: Object.fromEntries(programs) as Record<string, Program>,
    };
  } catch (error) {
    if (DgmError.is(error, 'serialization')) throw error;
    throw damaged('to hold programs', 'something else', error);
  }
}

/** JSON has no infinities, which bounds and paddings may be. */
function writeNumber(_: string, value: unknown): unknown {
  return value === Infinity || value === -Infinity ? { number: String(value) } : value;
}

function readNumber(_: string, value: unknown): unknown {
  const { number } = (value ?? {}) as { readonly number?: unknown };
  return number === 'Infinity' || number === '-Infinity' ? Number(number) : value;
}

function readProgram(stored: StoredProgram, tensors: TensorFile['tensors']): Program {
  const { values, instructions, inputs, outputs } = stored;
  const isValue = (value: unknown): boolean =>
    Number.isInteger(value) && values[value as number] !== undefined;
  let numbers = 0;
  for (const { shape, type } of values) {
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || !TYPES.includes(type)) {
      throw damaged('to hold values of a shape and type', `${type} ${JSON.stringify(shape)}`);
    }
    numbers += sizeOf(shape);
  }
  // A choice keeps the positions of what it reads, in 12 bytes for each number of its output.
  for (const { operation, output } of instructions) {
    if (operation.op === 'select') numbers += sizeOf(values[output]?.shape ?? []);
  }
  if (!(numbers <= MOST_NUMBERS)) throw damaged(`to have at most ${MOST_NUMBERS} numbers`, String(numbers));
  const constants = new Map<number, ConstantData>();
  for (const [key, name] of Object.entries(stored.constants)) {
    const tensor = tensors.get(name);
    const value = Number(key);
    if (!isValue(value) || tensor?.values.length !== sizeOf(values[value]!.shape)) {
      throw damaged('to hold its constants', `none for ${name}`);
    }
    constants.set(value, tensor.values);
  }
  const made = new Set([...constants.keys(), ...Object.values(inputs)]);
  instructions.forEach((instruction, index) => {
    const { operation, inputs: read, output } = instruction;
    if (
      !isValue(output) ||
      made.has(output) ||
      !read.every((value) => made.has(value)) ||
      !isSound(
        operation,
        read.map((value) => values[value]!.shape),
        values[output]!.shape,
      )
    ) {
      throw damaged(
        'to hold sound instructions of known operations on values made before',
        `instruction ${index}`,
      );
    }
    made.add(output);
  });
  if (
    ![...Object.values(inputs)].every(isValue) ||
    !Object.values(outputs).every((value) => made.has(value))
  ) {
    throw damaged('to make its outputs', 'values that nothing makes');
  }
  return new Program({ values, instructions, inputs, outputs, constants });
}

const TYPES: readonly ValueType[] = ['float32', 'int32', 'bool'];

const WHERE = 'readModelFile';

function damaged(expected: string, actual: string, cause?: unknown): SerializationError {
  return new SerializationError({
    where: WHERE,
    argument: 'the file',
    expected,
    actual,
    ...(cause !== undefined && { cause }),
  });
}
