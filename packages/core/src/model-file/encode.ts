import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { show } from '../check/check';
import type { HostDtype, HostTensor } from '../checkpoint/host-tensor';
import { constructionOf, type Construction } from '../construction/construction';
import { SerializationError } from '../errors/dgm-error';
import { isModule, type Module } from '../model/module';
import type { Key } from '../random/key';
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
 * The architecture of a model, and the tensors that its options hold, under `options/0`, `options/1` and so on.
 * @param known - packages whose exports may be options as they are (`activation: tanh`)
 * @throws SerializationError naming the option that cannot be written, and what to do
 */
export async function encodeArchitecture(
  model: Module,
  where: string,
  known: readonly ModelParts[],
): Promise<{ readonly architecture: Architecture; readonly tensors: ReadonlyMap<string, HostTensor> }> {
  const encoder = new Encoder(where, known);
  encoder.encode(model, 'model');
  encoder.checkOwned(new Set(model.parameters().values()));
  const tensors = [...encoder.tensors].map(
    async ([tensor, name]) => [name, await hostTensor(tensor)] as const,
  );
  const { parts, packages } = encoder;
  return { architecture: { parts, packages }, tensors: new Map(await Promise.all(tensors)) };
}

async function hostTensor(tensor: Tensor): Promise<HostTensor> {
  return {
    dtype: tensor.dtype as HostDtype,
    shape: tensor.shape,
    values: (await tensor.data()) as HostTensor['values'],
  };
}

class Encoder {
  readonly parts: Part[] = [];
  readonly packages: Record<string, string> = {};
  readonly tensors = new Map<Tensor, string>();
  /** The index of each part; `undefined` while its arguments are being written. */
  readonly #indices = new Map<object, number | undefined>();
  readonly #exports: ReadonlyMap<unknown, readonly [string, string]>;
  readonly #where: string;

  constructor(where: string, known: readonly ModelParts[]) {
    this.#where = where;
    this.#exports = new Map(
      known.flatMap(({ package: name, parts }) =>
        Object.entries(parts).map(([key, value]) => [value, [name, key] as const] as const),
      ),
    );
  }

  /** Checks that the file will hold the weights of every part: a prior that borrows an encoder is no model by itself. */
  checkOwned(variables: ReadonlySet<Variable>): void {
    for (const part of this.#indices.keys()) {
      if (!isModule(part)) continue;
      const stranger = [...part.parameters()].find(([, variable]) => !variables.has(variable));
      if (stranger === undefined) continue;
      throw new SerializationError({
        where: this.#where,
        argument: `${constructionOf(part)!.name}, with the parameter ${stranger[0]}`,
        expected: 'to belong to the model',
        actual: 'a part that it borrows',
        remedy: 'save the model that owns both',
      });
    }
  }

  /** @param path - the value's place, as an error names it: `vae.encoder` */
  encode(value: unknown, path: string): Json {
    if (value === undefined) return { $undefined: true };
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number') {
      if (!isTooLarge(value)) return encodeNumber(value);
      throw this.#refusal(value, path, `to be at most ${LARGEST_INTEGER}, or a text`);
    }
    if (typeof value !== 'object' && typeof value !== 'function') throw this.#refusal(value, path);
    const construction = constructionOf(value);
    if (construction !== undefined) return { $part: this.#part(value, construction, path) };
    const [name, key] = this.#exports.get(value) ?? [];
    if (name !== undefined && key !== undefined) return { $export: [name, key] };
    if (typeof value === 'function') throw this.#refusal(value, path);
    if (isKey(value)) return { $key: value.toJSON() };
    if (value instanceof tf.Tensor) return { $tensor: this.#tensor(value, path) };
    const typed = `$${value.constructor?.name}`;
    if (ArrayBuffer.isView(value) && typed in TYPED_ARRAYS) {
      return { [typed]: Array.from(value as unknown as ArrayLike<number>, encodeNumber) };
    }
    if (Array.isArray(value)) return value.map((item, index) => this.encode(item, `${path}[${index}]`));
    if (isPlain(value)) return this.#record(value, path);
    throw this.#refusal(value, path);
  }

  #record(value: object, path: string): Json {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    const reserved = entries.find(([name]) => name.startsWith('$'));
    if (reserved !== undefined) throw this.#refusal(reserved[1], `${path}.${reserved[0]}`);
    return Object.fromEntries(entries.map(([name, item]) => [name, this.encode(item, `${path}.${name}`)]));
  }

  #part(value: object, { package: origin, version, name, args }: Construction, path: string): number {
    if (this.#indices.has(value)) {
      const index = this.#indices.get(value);
      if (index === undefined) throw this.#refusal(value, path, 'not to hold itself');
      return index;
    }
    this.#indices.set(value, undefined);
    const place = path === 'model' ? name : path;
    const encoded = args.map((argument, index) =>
      this.encode(argument, isPlain(argument) ? place : `${place}(${index})`),
    );
    this.packages[origin] = version;
    const index = this.parts.push({ package: origin, name, args: encoded }) - 1;
    this.#indices.set(value, index);
    return index;
  }

  #tensor(tensor: Tensor, path: string): string {
    if (tensor.isDisposed) {
      throw new SerializationError({
        where: this.#where,
        argument: path,
        expected: 'to be a tensor that still has its values',
        actual: 'one that was disposed of',
        remedy: 'save the model before disposing of it, or give the values as an array',
      });
    }
    const name = this.tensors.get(tensor) ?? `options/${this.tensors.size}`;
    this.tensors.set(tensor, name);
    return name;
  }

  #refusal(value: unknown, path: string, expected = 'to be something that a model file can hold') {
    const remedy =
      typeof value === 'function'
        ? 'a file cannot hold a function: use an option that has a name, a layer, or a function of a package that records what it returns by recordConstruction'
        : typeof value === 'number'
          ? 'no size of a model is as large'
          : 'use what a function or class of @dgm makes, or record how it was made by recordConstruction';
    return new SerializationError({
      where: this.#where,
      argument: path,
      expected,
      actual: show(value),
      remedy,
    });
  }
}

function encodeNumber(value: number): Json {
  const isJson = Number.isFinite(value) && !Object.is(value, -0);
  if (isJson) return value;
  return { $number: Object.keys(NUMBERS).find((name) => Object.is(NUMBERS[name], value))! };
}

/** Also a key of another copy of this package. */
function isKey(value: object): value is Key {
  return 'fold' in value && 'split' in value && 'toJSON' in value && !(value as Key).isTraced;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && constructionOf(value) === undefined;
}
