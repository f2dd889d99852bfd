import * as tf from '@tensorflow/tfjs-core';
import { show } from '../check/check';
import type { HostTensor } from '../checkpoint/host-tensor';
import { DgmError, SerializationError } from '../errors/dgm-error';
import { Key } from '../random/key';
import {
  isTooLarge,
  LARGEST_INTEGER,
  NUMBERS,
  TYPED_ARRAYS,
  type Architecture,
  type Json,
  type ModelParts,
  type Part,
} from './architecture';

/**
 * Checks that JSON is an {@link Architecture}.
 * @throws SerializationError if it is not
 */
export function parseArchitecture(text: string | undefined, where: string): Architecture {
  const { parts, packages } = parseObject(text, 'architecture', where);
  if (!Array.isArray(parts) || parts.length === 0 || !parts.every(isPart)) {
    throw malformed(where, 'architecture.parts', 'to be a list of parts with package, name and args', parts);
  }
  const isVersions =
    isObject(packages) && Object.values(packages).every((version) => typeof version === 'string');
  if (!isVersions)
    throw malformed(where, 'architecture.packages', 'to give the versions of packages', packages);
  return { parts, packages: packages as Record<string, string> };
}

/**
 * Checks that text is a JSON object.
 * @throws SerializationError if it is not
 */
export function parseObject(
  text: string | undefined,
  argument: string,
  where: string,
): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch (cause) {
    throw malformed(where, argument, 'to be JSON', text, cause);
  }
  if (!isObject(value)) throw malformed(where, argument, 'to be a JSON object', value);
  return value;
}

/**
 * Makes a model by repeating the calls of its architecture.
 * @param parts - the functions and classes of each package that the architecture names
 * @param tensors - the file's tensors
 * @throws SerializationError naming the part that cannot be made
 */
export function buildArchitecture(
  { parts, packages }: Architecture,
  known: ReadonlyMap<string, ModelParts>,
  tensors: ReadonlyMap<string, HostTensor>,
  where: string,
): unknown {
  const decoder = new Decoder(where, known, tensors);
  let built: unknown;
  for (const part of parts) {
    const origin = `${part.name} of ${part.package}`;
    try {
      built = decoder.make(part);
    } catch (cause) {
      if (DgmError.is(cause, 'serialization')) throw cause;
      const [written, installed] = [packages[part.package], known.get(part.package)?.version];
      throw new SerializationError({
        where,
        argument: origin,
        expected: 'to accept its options',
        actual: cause instanceof Error ? cause.message : String(cause),
        remedy:
          written === installed
            ? 'the file is damaged, or was not written by saveModel'
            : `the file was written with version ${written}, installed is ${installed}`,
        cause,
      });
    }
  }
  return built;
}

class Decoder {
  readonly #where: string;
  readonly #known: ReadonlyMap<string, ModelParts>;
  readonly #tensors: ReadonlyMap<string, HostTensor>;
  readonly #made: object[] = [];
  readonly #madeTensors = new Map<string, tf.Tensor>();

  constructor(
    where: string,
    known: ReadonlyMap<string, ModelParts>,
    tensors: ReadonlyMap<string, HostTensor>,
  ) {
    this.#where = where;
    this.#known = known;
    this.#tensors = tensors;
  }

  make({ package: origin, name, args }: Part): object {
    const maker = this.#export(origin, name);
    if (typeof maker !== 'function') {
      throw malformed(this.#where, name, `to be a function or class of ${origin}`, maker);
    }
    const values = args.map((argument) => this.#decode(argument, name));
    // `new` calls a class, and gives what a function returns. Arrow functions have no prototype and cannot be called so.
    const made: unknown =
      'prototype' in maker ? Reflect.construct(maker, values) : Reflect.apply(maker, undefined, values);
    this.#made.push(made as object);
    return made as object;
  }

  #export(origin: string, name: string): unknown {
    const known = this.#known.get(origin);
    if (known !== undefined && Object.hasOwn(known.parts, name)) return known.parts[name];
    throw new SerializationError({
      where: this.#where,
      argument: name.slice(0, 60),
      expected: `to be a part of ${origin}`,
      actual: known === undefined ? 'a package that is not loaded' : `none in version ${known.version}`,
      remedy: `update ${origin}, or give a package that has it`,
    });
  }

  #decode(value: Json, path: string): unknown {
    if (Array.isArray(value)) {
      return value.map((item: Json, index) => this.#decode(item, `${path}[${index}]`));
    }
    if (typeof value === 'number' && isTooLarge(value)) {
      throw malformed(this.#where, path, `to be at most ${LARGEST_INTEGER}`, value);
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const tag = entries.find(([name]) => name.startsWith('$'));
    if (tag === undefined) {
      return Object.fromEntries(entries.map(([name, item]) => [name, this.#decode(item, `${path}.${name}`)]));
    }
    const decoded = entries.length === 1 ? this.#tagged(tag[0], tag[1], path) : REFUSED;
    if (decoded === REFUSED) throw malformed(this.#where, path, 'to be a value that saveModel writes', value);
    return decoded;
  }

  #tagged(tag: string, value: Json, path: string): unknown {
    switch (tag) {
      case '$undefined':
        return undefined;
      case '$number':
        return typeof value === 'string' && Object.hasOwn(NUMBERS, value) ? NUMBERS[value] : REFUSED;
      case '$key':
        return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value) ? Key.fromJSON(value) : REFUSED;
      case '$part':
        return (typeof value === 'number' && this.#made[value]) || REFUSED;
      case '$tensor':
        return typeof value === 'string' ? this.#tensor(value) : REFUSED;
      case '$export': {
        const [origin, name] = Array.isArray(value) ? (value as readonly Json[]) : [];
        return typeof origin === 'string' && typeof name === 'string' ? this.#export(origin, name) : REFUSED;
      }
      default: {
        if (!Object.hasOwn(TYPED_ARRAYS, tag) || !Array.isArray(value)) return REFUSED;
        const elements = (value as readonly Json[]).map((item) => this.#decode(item, path));
        if (!elements.every((element) => typeof element === 'number')) return REFUSED;
        return TYPED_ARRAYS[tag as keyof typeof TYPED_ARRAYS].from(elements);
      }
    }
  }

  #tensor(name: string): unknown {
    const made = this.#madeTensors.get(name);
    if (made !== undefined) return made;
    const stored = this.#tensors.get(name);
    if (stored === undefined) return REFUSED;
    const tensor = tf.tensor(stored.values, [...stored.shape], stored.dtype);
    this.#madeTensors.set(name, tensor);
    return tensor;
  }
}

/** What no option can be. */
const REFUSED = Symbol('refused');

function isPart(value: unknown): value is Part {
  if (!isObject(value)) return false;
  const { package: origin, name, args } = value;
  return typeof origin === 'string' && typeof name === 'string' && Array.isArray(args);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function malformed(
  where: string,
  argument: string,
  expected: string,
  actual: unknown,
  cause?: unknown,
): SerializationError {
  return new SerializationError({
    where,
    argument: argument.slice(0, 60),
    expected,
    actual: actual === undefined ? 'none' : show(actual).slice(0, 60),
    remedy: 'the file is damaged or of another kind: use an earlier copy',
    ...(cause !== undefined && { cause }),
  });
}
