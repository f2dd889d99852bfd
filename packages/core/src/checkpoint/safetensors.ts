import { checkThat, show } from '../check/check';
import { ArgumentError, DgmError, SerializationError } from '../errors/dgm-error';
import { formatShape, sizeOf, type Shape } from '../shape/shape';
import { bytesOf, crc32 } from './crc32';
import type { HostDtype, HostTensor } from './host-tensor';

/** Named tensors and a few strings: what a safetensors file holds. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The types that are written. */
const CODES = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;

/** How a type is read: its element size, and the values as the closest type of TensorFlow.js holds them. */
interface Reader {
  readonly bytes: number;
  readonly dtype: HostDtype;
  read(view: DataView, count: number): HostTensor['values'];
}

const each =
  <T extends HostTensor['values']>(
    make: new (count: number) => T,
    bytes: number,
    at: (view: DataView, offset: number) => number,
  ) =>
  (view: DataView, count: number): T => {
    const values = new make(count);
    for (let index = 0; index < count; index++) values[index] = at(view, index * bytes);
    return values;
  };

const reals = (bytes: number, at: (view: DataView, offset: number) => number): Reader => {
  return { bytes, dtype: 'float32', read: each(Float32Array, bytes, at) };
};
const integers = (bytes: number, at: (view: DataView, offset: number) => number): Reader => {
  return { bytes, dtype: 'int32', read: each(Int32Array, bytes, at) };
};
/** The memory itself: also the bits of a NaN stay as they are. */
const asStored = (
  dtype: HostDtype,
  make: new (memory: ArrayBuffer) => HostTensor['values'],
  bytes: number,
): Reader => ({
  bytes,
  dtype,
  read: ({ buffer }) => new make(buffer as ArrayBuffer),
});

const READERS: ReadonlyMap<unknown, Reader> = new Map([
  ['F32', asStored('float32', Float32Array, 4)],
  ['I32', asStored('int32', Int32Array, 4)],
  ['BOOL', asStored('bool', Uint8Array, 1)],
  ['F16', reals(2, (view, at) => halfPrecision(view.getUint16(at, true)))],
  ['BF16', reals(2, (view, at) => upperHalf(view.getUint16(at, true)))],
  ['F64', reals(8, (view, at) => exactly(view.getFloat64(at, true), Math.fround))],
  ['I8', integers(1, (view, at) => view.getInt8(at))],
  ['U8', integers(1, (view, at) => view.getUint8(at))],
  ['I16', integers(2, (view, at) => view.getInt16(at, true))],
  ['U16', integers(2, (view, at) => view.getUint16(at, true))],
  ['U32', integers(4, (view, at) => exactly(view.getUint32(at, true), toInt32))],
  ['I64', integers(8, (view, at) => exactly(Number(view.getBigInt64(at, true)), toInt32))],
  ['U64', integers(8, (view, at) => exactly(Number(view.getBigUint64(at, true)), toInt32))],
]);

const toInt32 = (value: number): number => value | 0;

/** Accepts the bytes of other realms (a worker, a test runner). */
function checkBytes(where: string, bytes: unknown): void {
  const type = Object.prototype.toString.call(bytes);
  if (type === '[object Uint8Array]') return;
  throw new ArgumentError({
    where,
    argument: 'bytes',
    expected: 'to be a Uint8Array',
    actual: show(bytes),
    ...(type === '[object ArrayBuffer]' && { remedy: 'give new Uint8Array(buffer)' }),
  });
}

/** Thrown by a reader, whose caller knows the tensor. */
class NotExact extends Error {}

function exactly(value: number, narrow: (value: number) => number): number {
  const narrowed = narrow(value);
  if (!Object.is(narrowed, value) && narrowed !== value) throw new NotExact(String(value));
  return narrowed;
}

/** A number of IEEE 754's binary16. */
function halfPrecision(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A number of bfloat16: the upper half of a float32. */
function upperHalf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
}

const CHECKSUM = 'dgm.checksum';

/** The checksum is taken while this stands in its place. */
const NO_CHECKSUM = '00000000';
const LENGTH_BYTES = 8;

/** The longest header, as in the reference implementation. */
const LONGEST_HEADER = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: Shape;
  readonly data_offsets: readonly [number, number];
}

/**
 * Writes a safetensors file: the header's length (8 bytes), a JSON header, the tensors' bytes, little-endian.
 * Its metadata gain a `dgm.checksum`, the CRC-32 of the whole file.
 * @see https://github.com/huggingface/safetensors, "Format"
 */
export function writeSafetensors({ tensors, metadata }: TensorFile): Uint8Array {
  // Wide types first, so that each tensor lies at a multiple of its element size.
  const ordered = [...tensors].sort(
    ([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT,
  );
  // Without a prototype, so that a tensor may be called __proto__.
  const header = Object.assign(Object.create(null) as Record<string, unknown>, {
    __metadata__: { [CHECKSUM]: NO_CHECKSUM, ...metadata },
  });
  checkThat('writeSafetensors', 'tensors', !tensors.has('__metadata__'), {
    expected: 'to have other names than "__metadata__", which the format reserves',
    actual: 'a tensor of that name',
  });
  let end = 0;
  for (const [name, { dtype, shape, values }] of ordered) {
    const entry: Entry = { dtype: CODES[dtype], shape, data_offsets: [end, end + values.byteLength] };
    header[name] = entry;
    end += values.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = LENGTH_BYTES + Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(start + end).fill(0x20, 0, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - LENGTH_BYTES), true);
  file.set(text, LENGTH_BYTES);
  for (const [name, { values }] of ordered) {
    file.set(bytesOf(values), start + (header[name] as Entry).data_offsets[0]);
  }
  file.set(new TextEncoder().encode(crc32(file)), checksumAt(file, NO_CHECKSUM, start));
  return file;
}

/**
 * Reads a safetensors file, of this package or of another program (PyTorch's weights, for example).
 *
 * F32, I32 and BOOL are read as they are. F16 and BF16 become float32, I8, U8, I16 and U16 int32. F64, I64, U32 and U64 are
 * read where every value fits exactly into float32 or int32, and refused elsewhere.
 * @param where - starts an error's message
 * @throws SerializationError if it is truncated, damaged or not a safetensors file, or holds a type that cannot be read
 * exactly; names the tensor where one is at fault
 * @throws ArgumentError if `bytes` is no Uint8Array
 */
export function readSafetensors(bytes: Uint8Array, where = 'readSafetensors'): TensorFile {
  checkBytes(where, bytes);
  const start = dataStart(bytes, where);
  const { __metadata__: given = {}, ...entries } = parseHeader(bytes.subarray(LENGTH_BYTES, start), where);
  const { [CHECKSUM]: checksum, ...metadata } = checkMetadata(given, where);
  if (checksum !== undefined) {
    verify(bytes, checksum, start, where);
  } else if (metadata['format']?.startsWith('dgm.')) {
    throw damaged(where, 'file', 'to have a checksum', 'none');
  }
  const data = bytes.subarray(start);
  const checked = Object.entries(entries).map(
    ([path, entry]) => [path, checkEntry(path, entry, where)] as const,
  );
  const total = checked
    .map(([, { data_offsets: range }]) => range)
    .sort(([a, b], [c, d]) => a - c || b - d)
    .reduce((last, [begin, end]) => (begin === last ? end : NaN), 0);
  if (total !== data.length) {
    throw damaged(
      where,
      'file',
      'to hold tensors one after the other',
      `${data.length} bytes that they do not fill`,
    );
  }
  const tensors = checked.map(([path, entry]) => [path, tensorAt(data, path, entry, where)] as const);
  return { tensors: new Map(tensors), metadata };
}

function dataStart(bytes: Uint8Array, where: string): number {
  if (bytes.length < LENGTH_BYTES) throw damaged(where, 'file', 'to have a header', `${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - LENGTH_BYTES || length > LONGEST_HEADER) {
    throw damaged(where, 'file', `to have a header of ${length} bytes`, `${bytes.length} bytes in all`);
  }
  return LENGTH_BYTES + length;
}

function parseHeader(bytes: Uint8Array, where: string): Record<string, unknown> {
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    checkKeys(text, where);
    header = JSON.parse(text);
  } catch (cause) {
    if (DgmError.is(cause)) throw cause;
    throw damaged(where, 'file', 'to have a JSON header', 'something else', cause);
  }
  if (typeof header === 'object' && header !== null && !Array.isArray(header)) {
    return header as Record<string, unknown>;
  }
  throw damaged(where, 'file', 'to have a JSON object as its header', 'something else');
}

/** Refuses what JSON.parse takes in silence or cannot take: a key twice, and arrays or objects nested without end. */
function checkKeys(text: string, where: string): void {
  const seen: Set<string>[] = [];
  for (const [token, before] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]/gs)) {
    if (token === '{' || token === '[') seen.push(new Set());
    else if (token === '}' || token === ']') seen.pop();
    else if (before !== undefined) {
      const key = token.slice(0, token.lastIndexOf('"') + 1);
      if (seen.at(-1)?.has(key)) throw damaged(where, shortened(key), 'to be in the header once', 'twice');
      seen.at(-1)?.add(key);
    }
    if (seen.length > 3) throw damaged(where, 'file', 'to have a flat header', 'a nested one');
  }
}

function checkMetadata(metadata: unknown, where: string): Record<string, string> {
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  if (isObject && Object.values(metadata).every((value) => typeof value === 'string')) {
    return metadata as Record<string, string>;
  }
  throw damaged(where, '__metadata__', 'to be an object of strings', shortened(JSON.stringify(metadata)));
}

function verify(bytes: Uint8Array, checksum: string, start: number, where: string): void {
  const at = checksumAt(bytes, checksum, start);
  const blank = new TextEncoder().encode(NO_CHECKSUM);
  const actual = crc32(bytes.subarray(0, at), blank, bytes.subarray(at + blank.length));
  if (actual !== checksum) {
    throw damaged(where, 'file', `to have the checksum ${shortened(checksum)}`, actual);
  }
}

/** Where the checksum's digits are: they come first in the header. */
function checksumAt(bytes: Uint8Array, checksum: string, start: number): number {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, start));
  return head.indexOf(checksum, head.indexOf(`"${CHECKSUM}"`));
}

/** Checks that an entry makes sense by itself. */
function checkEntry(path: string, value: unknown, where: string): Entry {
  const { dtype, shape, data_offsets: range } = (value ?? {}) as Partial<Entry>;
  const reader = READERS.get(dtype);
  if (reader === undefined) {
    throw new SerializationError({
      where,
      argument: shortened(path),
      expected: `to be of type ${[...READERS.keys()].join(', ')}`,
      actual: shortened(JSON.stringify(dtype) ?? 'none'),
      remedy: 'convert it to F32 in the program that wrote it',
    });
  }
  if (!isSizes(shape) || !isSizes(range) || range.length !== 2) {
    const actual = shortened(JSON.stringify({ shape, data_offsets: range }));
    throw damaged(where, shortened(path), 'to have a shape and data_offsets', actual);
  }
  const [begin, end] = range;
  const expected = sizeOf(shape) * reader.bytes;
  if (end - begin !== expected) {
    const actual = `${begin} to ${end}`;
    throw damaged(where, shortened(path), `to take ${expected} bytes for ${formatShape(shape)}`, actual);
  }
  return value as Entry;
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function tensorAt(
  data: Uint8Array,
  path: string,
  { dtype: code, shape, data_offsets: [begin, end] }: Entry,
  where: string,
): HostTensor {
  const { dtype, read } = READERS.get(code)!;
  // A copy, because a view would need an aligned offset and would keep the whole file alive. Not by `slice`: Node's Buffer
  // is a Uint8Array whose `slice` shares memory.
  const { buffer } = new Uint8Array(data.subarray(begin, end));
  try {
    return { dtype, shape, values: read(new DataView(buffer), sizeOf(shape)) };
  } catch (cause) {
    if (!(cause instanceof NotExact)) throw cause;
    throw new SerializationError({
      where,
      argument: shortened(path),
      expected: `to hold values that fit exactly into ${dtype}`,
      actual: `${cause.message}, of type ${code}`,
      remedy: `convert it to ${CODES[dtype]} in the program that wrote it`,
    });
  }
}

/** A text of a file as an error quotes it. */
function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}

function damaged(where: string, argument: string, expected: string, actual: string, cause?: unknown) {
  const remedy = 'the file is damaged or of another kind: use an earlier copy';
  return new SerializationError({ where, argument, expected, actual, remedy, cause });
}
