import { checkOptions, formatShape, SerializationError, ShapeError, sizeOf, type Shape } from '@dgm/core';
import { excerpt, readBytes } from '../internal/files';

/** An array of numbers as NumPy saves them; row-major, whatever its order in the file. */
export interface NpyArray {
  readonly shape: Shape;
  readonly values: Float32Array | Float64Array | Int32Array | Uint8Array;
}

/**
 * Reads an array that NumPy saved.
 * @param path - a `.npy` file of booleans, integers or floats, in C or Fortran order and either byte order
 * @throws SerializationError as {@link parseNpy}
 */
export async function npy(path: string): Promise<NpyArray> {
  return parseNpy(await readBytes(path, 'npy'), path);
}

/**
 * Reads the bytes of a `.npy` file, version 1 to 3. Booleans become uint8, float16 becomes float32, and integers other
 * than uint8 become int32.
 *
 * @param name - what the bytes are called in errors
 * @throws SerializationError if the bytes are no such file, are cut short, are of another type, or hold an integer that
 *   does not fit into int32
 * @see NumPy's format specification, numpy.lib.format
 */
export function parseNpy(bytes: Uint8Array, name = 'bytes'): NpyArray {
  const { header, start } = readHeader(bytes, name);
  const { descr, fortran, shape } = parseHeader(header, name);
  const type = TYPES[descr.slice(1)];
  const byteOrder = descr[0]!;
  if (type === undefined || !'<>|='.includes(byteOrder)) {
    throw failure(
      name,
      'to hold booleans, integers of 8 to 64 bits, or floats of 16 to 64 bits',
      excerpt(descr),
      "save it with array.astype('float32')",
    );
  }
  const size = sizeOf(shape);
  const actual = bytes.length - start;
  if (actual !== size * type.bytes) {
    throw failure(
      name,
      `of ${size * type.bytes} bytes of data for ${formatShape(shape)}`,
      String(actual),
      'get it again',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const values = new type.Values(size);
  const source = fortran ? fortranOrder(shape) : (index: number) => index;
  for (let index = 0; index < size; index++) {
    values[index] = type.read(view, source(index) * type.bytes, byteOrder !== '>', `${name}, value ${index}`);
  }
  return { shape, values };
}

/**
 * The bytes of a `.npy` file, version 1, in C order, in the type of the values.
 * @throws ShapeError if the values do not fill the shape
 */
export function formatNpy({ shape, values, ...unknown }: NpyArray): Uint8Array {
  checkOptions('formatNpy', unknown, ['shape', 'values']);
  if (values.length !== sizeOf(shape)) {
    throw new ShapeError({
      where: 'formatNpy',
      argument: 'values',
      expected: `of length ${sizeOf(shape)} for ${formatShape(shape)}`,
      actual: String(values.length),
    });
  }
  const [descr] = Object.entries(TYPES).find(([, { Values }]) => values instanceof Values)!;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr === 'u1' ? '|' : '<'}${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Data start at a multiple of 64 bytes, after a line end.
  const length = Math.ceil((PREFIX + text.length + 1) / 64) * 64 - PREFIX;
  const header = `${text.padEnd(length - 1)}\n`;
  const bytes = new Uint8Array(PREFIX + length + values.byteLength);
  bytes.set([...MAGIC, 1, 0, length & 255, length >> 8]);
  bytes.set(new TextEncoder().encode(header), PREFIX);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), PREFIX + length);
  return bytes;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Magic, version and the header's length in a file of version 1. */
const PREFIX = 10;

interface NumberType {
  readonly bytes: number;
  readonly Values: new (length: number) => NpyArray['values'];
  readonly read: (view: DataView, offset: number, littleEndian: boolean, place: string) => number;
}

const TYPES: Readonly<Record<string, NumberType>> = {
  f4: { bytes: 4, Values: Float32Array, read: (view, offset, little) => view.getFloat32(offset, little) },
  f8: { bytes: 8, Values: Float64Array, read: (view, offset, little) => view.getFloat64(offset, little) },
  u1: { bytes: 1, Values: Uint8Array, read: (view, offset) => view.getUint8(offset) },
  i4: { bytes: 4, Values: Int32Array, read: (view, offset, little) => view.getInt32(offset, little) },
  // What is written is of one of the types above.
  f2: {
    bytes: 2,
    Values: Float32Array,
    read: (view, offset, little) => halfFloat(view.getUint16(offset, little)),
  },
  b1: {
    bytes: 1,
    Values: Uint8Array,
    read: (view, offset, _, place) => toBoolean(view.getUint8(offset), place),
  },
  i1: { bytes: 1, Values: Int32Array, read: (view, offset) => view.getInt8(offset) },
  i2: { bytes: 2, Values: Int32Array, read: (view, offset, little) => view.getInt16(offset, little) },
  i8: {
    bytes: 8,
    Values: Int32Array,
    read: (view, offset, little, place) => toInt32(view.getBigInt64(offset, little), place),
  },
  u2: { bytes: 2, Values: Int32Array, read: (view, offset, little) => view.getUint16(offset, little) },
  u4: {
    bytes: 4,
    Values: Int32Array,
    read: (view, offset, little, place) => toInt32(view.getUint32(offset, little), place),
  },
  u8: {
    bytes: 8,
    Values: Int32Array,
    read: (view, offset, little, place) => toInt32(view.getBigUint64(offset, little), place),
  },
};

function toInt32(value: number | bigint, place: string): number {
  const number = Number(value);
  if ((number | 0) === number) return number;
  throw failure(place, 'to fit into int32', String(value), "save it with array.astype('float64')");
}

function toBoolean(value: number, place: string): number {
  if (value <= 1) return value;
  throw failure(place, 'to be a boolean, 0 or 1', String(value), 'get it again');
}

/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
function halfFloat(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

function readHeader(bytes: Uint8Array, name: string): { header: string; start: number } {
  const [major] = bytes.subarray(6, 7);
  if (MAGIC.some((byte, index) => bytes[index] !== byte) || major === undefined || major < 1 || major > 3) {
    throw failure(name, 'to be a .npy file of version 1, 2 or 3', 'other bytes');
  }
  const prefix = major === 1 ? PREFIX : PREFIX + 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < prefix) throw failure(name, 'to have a header', `${bytes.length} bytes`);
  const start = prefix + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < start)
    throw failure(name, `to have a header of ${start} bytes`, `${bytes.length} bytes`);
  return { header: new TextDecoder().decode(bytes.subarray(prefix, start)), start };
}

function parseHeader(header: string, name: string): { descr: string; fortran: boolean; shape: Shape } {
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined) {
    throw failure(name, "to state 'descr', 'fortran_order' and 'shape'", excerpt(header.trim()));
  }
  const shape = sizes
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  return { descr, fortran: order === 'True', shape };
}

/** Where, in column-major order, the value is that comes `index`-th in row-major order. */
function fortranOrder(shape: Shape): (index: number) => number {
  return (index) => {
    let rest = index;
    let place = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis]!;
      place += (rest % size) * sizeOf(shape.slice(0, axis));
      rest = Math.floor(rest / size);
    }
    return place;
  };
}

function failure(argument: string, expected: string, actual: string, remedy?: string): SerializationError {
  return new SerializationError({ where: 'npy', argument, expected, actual, ...(remedy ? { remedy } : {}) });
}
