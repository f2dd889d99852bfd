/**
 * A writer of protocol buffers, as far as a model file needs it. It generates no code, so it runs where a page's content
 * security policy or Node's `--disallow-code-generation-from-strings` forbids that.
 * @see https://protobuf.dev/programming-guides/encoding/
 */

/** The type of a field: a scalar, or the fields of a nested message. */
export type FieldType = 'int64' | 'int32' | 'float' | 'string' | 'bytes' | MessageType;

/** A field of a message. */
export interface Field {
  readonly id: number;
  readonly type: FieldType;
  readonly repeated?: true;
}

/** The fields of a message by name, in the order of their numbers. */
export type MessageType = Readonly<Record<string, Field>>;

/** The values of a message by field; what is absent is left out. */
export type Message = Readonly<Record<string, unknown>>;

/** Writes a message as bytes. */
export function encode(type: MessageType, message: Message): Uint8Array {
  const encoded = encodeMessage(type, message);
  const bytes = new Uint8Array(encoded.size);
  let offset = 0;
  for (const part of encoded.parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Bytes in parts: weights are copied once, into the whole, however deep they are nested. */
class Parts {
  readonly parts: Uint8Array[] = [];
  size = 0;

  push(...parts: readonly Uint8Array[]): this {
    for (const part of parts) {
      this.parts.push(part);
      this.size += part.length;
    }
    return this;
  }
}

const VARINT = 0;
const FIXED32 = 5;
const LENGTH_DELIMITED = 2;

function encodeMessage(type: MessageType, message: Message): Parts {
  const encoded = new Parts();
  for (const [name, { id, type: fieldType, repeated = false }] of Object.entries(type)) {
    const value = message[name];
    if (value === undefined) continue;
    const values = repeated ? (value as readonly unknown[]) : [value];
    if (repeated && isInteger(fieldType)) {
      if (values.length > 0) pushDelimited(encoded, id, new Parts().push(...values.map(varint)));
      continue;
    }
    for (const one of values) pushField(encoded, id, fieldType, one);
  }
  return encoded;
}

function pushField(encoded: Parts, id: number, type: FieldType, value: unknown): void {
  if (isInteger(type)) {
    encoded.push(tag(id, VARINT), varint(value));
  } else if (type === 'float') {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value as number, true);
    encoded.push(tag(id, FIXED32), bytes);
  } else if (type === 'string') {
    pushDelimited(encoded, id, new Parts().push(new TextEncoder().encode(value as string)));
  } else if (type === 'bytes') {
    pushDelimited(encoded, id, new Parts().push(value as Uint8Array));
  } else {
    pushDelimited(encoded, id, encodeMessage(type, value as Message));
  }
}

function pushDelimited(encoded: Parts, id: number, content: Parts): void {
  encoded.push(tag(id, LENGTH_DELIMITED), varint(content.size));
  // One by one: a graph has more parts than a call takes arguments.
  for (const part of content.parts) encoded.push(part);
}

function isInteger(type: FieldType): type is 'int64' | 'int32' {
  return type === 'int64' || type === 'int32';
}

function tag(id: number, wireType: number): Uint8Array {
  return varint((id << 3) | wireType);
}

/** Seven bits to a byte, the lowest first; a negative number in the two's complement of 64 bits. */
function varint(value: unknown): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value as number));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}
