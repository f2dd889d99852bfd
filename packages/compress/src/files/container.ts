import { SerializationError, sha256 } from '@dgm/core';

/** How a message was coded. Numbers are part of the format. */
export const METHODS = {
  autoregressive: 1,
  'bits-back': 2,
  'integer-flow': 3,
  neural: 4,
  table: 5,
  image: 6,
} as const;

export type Method = keyof typeof METHODS;

/** What a file holds besides its checks. */
export interface Container {
  readonly method: Method;
  /** The first 8 bytes of the SHA-256 of the model's file. */
  readonly model: Uint8Array;
  /** The model's file, where it travels inside. */
  readonly weights?: Uint8Array;
  /** How many examples there are. */
  readonly count: number;
  /** How many are coded side by side. */
  readonly rows: number;
  readonly message: Uint8Array;
}

const MAGIC = Uint8Array.of(0x44, 0x47, 0x4d, 0x43); // "DGMC"
const VERSION = 1;
const HAS_WEIGHTS = 0x80;
const CHECKSUM_BYTES = 4;
export const HASH_BYTES = 8;

/**
 * Writes a file: `DGMC`, the version, the method (its high bit says that the model travels inside), 8 bytes of the model's
 * hash, the numbers of examples and rows, the model if it is inside after its length, the message, and the first 4 bytes of
 * the SHA-256 of all that.
 * Numbers are little-endian in groups of 7 bits.
 */
export function writeContainer({ method, model, weights, count, rows, message }: Container): Uint8Array {
  const head = [
    MAGIC,
    Uint8Array.of(VERSION, METHODS[method] | (weights === undefined ? 0 : HAS_WEIGHTS)),
    model,
    varint(count),
    varint(rows),
    ...(weights === undefined ? [] : [varint(weights.length), weights]),
    message,
  ];
  const body = joined(head);
  return joined([body, checksumOf(body)]);
}

/**
 * Reads such a file, and checks all but the model.
 * @throws SerializationError if it is none, is of a later version, or is damaged
 */
export function readContainer(bytes: Uint8Array): Container {
  if (bytes.length < MAGIC.length || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw damaged('to begin with DGMC', 'another beginning');
  }
  const end = bytes.length - CHECKSUM_BYTES;
  const body = bytes.subarray(0, Math.max(0, end));
  const fixed = MAGIC.length + 2 + HASH_BYTES;
  if (end < fixed + 2) throw damaged('to have a header', `${bytes.length} bytes`);
  if (bytes[4] !== VERSION) {
    throw damaged(`to be of version ${VERSION}`, `version ${bytes[4]}`, 'read it with a newer @dgm/compress');
  }
  if (checksumOf(body).some((byte, index) => byte !== bytes[end + index])) {
    throw damaged('to have the checksum that it states', 'another', 'the file is damaged: get it again');
  }
  const code = bytes[5]! & ~HAS_WEIGHTS;
  const method = (Object.keys(METHODS) as Method[]).find((name) => METHODS[name] === code);
  if (method === undefined) throw damaged('to be coded by a known method', `method ${code}`);
  const reader = new Reader(body, fixed);
  const count = reader.varint();
  const rows = reader.varint();
  const weights = (bytes[5]! & HAS_WEIGHTS) === 0 ? undefined : reader.take(reader.varint());
  return {
    ...{ method, count, rows },
    model: body.slice(MAGIC.length + 2, fixed),
    ...(weights !== undefined && { weights }),
    message: reader.rest(),
  };
}

/** Takes bytes apart, from the front. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw damaged('to state its sizes', 'a number that does not end');
  }

  take(length: number): Uint8Array {
    const part = this.#bytes.slice(this.#at, this.#at + length);
    if (part.length !== length) throw damaged(`to hold a model of ${length} bytes`, `${part.length}`);
    this.#at += length;
    return part;
  }

  rest(): Uint8Array {
    return this.#bytes.slice(this.#at);
  }
}

/** A natural number, little-endian in groups of 7 bits. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Uint8Array.of(...bytes, rest);
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  return sha256(bytes).subarray(0, CHECKSUM_BYTES);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function damaged(expected: string, actual: string, remedy?: string): SerializationError {
  return new SerializationError({
    where: 'readContainer',
    argument: 'the file',
    expected,
    actual,
    ...(remedy !== undefined && { remedy }),
  });
}
