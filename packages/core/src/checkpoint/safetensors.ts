import { SerializationError } from '../errors/dgm-error';
import { formatShape, sizeOf, type Shape } from '../shape/shape';
import { bytesOf, crc32 } from './crc32';
import type { HostDtype, HostTensor } from './host-tensor';

/** Named tensors and a few strings: what a safetensors file holds. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const CODES = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;
const DTYPES = new Map<unknown, HostDtype>([
  ['F32', 'float32'],
  ['I32', 'int32'],
  ['BOOL', 'bool'],
]);
const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** The checksum is taken while this stands in its place. */
const NO_CHECKSUM = '00000000';
const LENGTH_BYTES = 8;

interface Entry {
  readonly dtype: string;
  readonly shape: Shape;
  readonly data_offsets: readonly [number, number];
}

/**
 * Writes a safetensors file: the header's length (8 bytes), a JSON header, the tensors' bytes, little-endian.
 * Its metadata gain a `checksum`, the CRC-32 of the whole file.
 * @see https://github.com/huggingface/safetensors, "Format"
 */
export function encodeSafetensors({ tensors, metadata }: TensorFile): Uint8Array {
  // Wide types first, so that each tensor lies at a multiple of its element size.
  const ordered = [...tensors].sort(
    ([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT,
  );
  const header: Record<string, unknown> = { __metadata__: { checksum: NO_CHECKSUM, ...metadata } };
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
 * Reads a safetensors file of float32, int32 and boolean tensors.
 * @throws SerializationError if it is truncated, damaged or not a safetensors file; names the tensor where one is at fault
 */
export function decodeSafetensors(bytes: Uint8Array, where = 'decodeSafetensors'): TensorFile {
  const start = dataStart(bytes, where);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, start), where);
  const { __metadata__: metadata = {}, ...entries } = header;
  const { checksum, ...rest } = metadata as Record<string, string>;
  if (checksum !== undefined) {
    verify(bytes, checksum, start, where);
  } else if (String(rest['format']).startsWith('dgm.')) {
    throw damaged(where, 'file', 'to have a checksum', 'none');
  }
  const data = bytes.subarray(start);
  const ranges = Object.entries(entries).map(([path, entry]) => checkEntry(path, entry, where));
  const total = ranges
    .sort(([a], [b]) => a - b)
    .reduce((last, [begin, end]) => (begin === last ? end : NaN), 0);
  if (total !== data.length) {
    throw damaged(
      where,
      'file',
      'to hold tensors one after the other',
      `${data.length} bytes that they do not fill`,
    );
  }
  const tensors = Object.entries(entries).map(
    ([path, entry]) => [path, tensorAt(data, entry as Entry)] as const,
  );
  return { tensors: new Map(tensors), metadata: rest };
}

function dataStart(bytes: Uint8Array, where: string): number {
  if (bytes.length < LENGTH_BYTES) throw damaged(where, 'file', 'to have a header', `${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - LENGTH_BYTES) {
    throw damaged(where, 'file', `to have a header of ${length} bytes`, `${bytes.length} bytes in all`);
  }
  return LENGTH_BYTES + length;
}

function parseHeader(text: Uint8Array, where: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) {
      return header as Record<string, unknown>;
    }
  } catch (cause) {
    throw damaged(where, 'file', 'to have a JSON header', 'something else', cause);
  }
  throw damaged(where, 'file', 'to have a JSON object as its header', 'something else');
}

function verify(bytes: Uint8Array, checksum: string, start: number, where: string): void {
  const at = checksumAt(bytes, checksum, start);
  const blank = new TextEncoder().encode(NO_CHECKSUM);
  const actual = crc32(bytes.subarray(0, at), blank, bytes.subarray(at + blank.length));
  if (actual !== checksum) throw damaged(where, 'file', `to have the checksum ${checksum}`, actual);
}

/** Where the checksum's digits are: they come first in the header. */
function checksumAt(bytes: Uint8Array, checksum: string, start: number): number {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, start));
  return head.indexOf(checksum, head.indexOf('"checksum"'));
}

/** Checks that an entry makes sense by itself and returns the range of its bytes. */
function checkEntry(path: string, value: unknown, where: string): readonly [number, number] {
  const { dtype: code, shape, data_offsets: range } = (value ?? {}) as Partial<Entry>;
  const dtype = DTYPES.get(code);
  if (dtype === undefined) {
    throw damaged(where, path, `to be of type ${[...DTYPES.keys()].join(', ')}`, String(code));
  }
  if (!isSizes(shape) || !isSizes(range) || range.length !== 2) {
    throw damaged(
      where,
      path,
      'to have a shape and data_offsets',
      JSON.stringify({ shape, data_offsets: range }),
    );
  }
  const [begin, end] = range;
  const expected = sizeOf(shape) * ARRAYS[dtype].BYTES_PER_ELEMENT;
  if (end - begin !== expected) {
    throw damaged(where, path, `to take ${expected} bytes for ${formatShape(shape)}`, `${begin} to ${end}`);
  }
  return range;
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function tensorAt(data: Uint8Array, { dtype: code, shape, data_offsets: [begin, end] }: Entry): HostTensor {
  const dtype = DTYPES.get(code)!;
  // A copy, because a view would need an aligned offset and would keep the whole file alive. Not by `slice`: Node's Buffer
  // is a Uint8Array whose `slice` shares memory.
  return { dtype, shape, values: new ARRAYS[dtype](new Uint8Array(data.subarray(begin, end)).buffer) };
}

function damaged(where: string, argument: string, expected: string, actual: string, cause?: unknown) {
  const remedy = 'the file is damaged or of another kind: use an earlier copy';
  return new SerializationError({ where, argument, expected, actual, remedy, cause });
}
