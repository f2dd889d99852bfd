import { formatShape, SerializationError, sizeOf, type Shape } from '@dgm/core';

/** Bytes with a shape, as an IDX file holds them. */
export interface IdxArray {
  readonly shape: Shape;
  readonly values: Uint8Array;
}

/**
 * Reads the bytes of an IDX file, the format of MNIST: a big-endian header, then unsigned bytes.
 *
 * @param name - what the bytes are called in errors
 * @throws SerializationError if the bytes are no such file, or not as many as the header says
 */
export function parseIdx(bytes: Uint8Array, name = 'bytes'): IdxArray {
  const [zero0, zero1, type, rank = 0] = bytes;
  const start = 4 + 4 * rank;
  if (zero0 !== 0 || zero1 !== 0 || type !== UNSIGNED_BYTE || rank === 0 || bytes.length < start) {
    throw new SerializationError({
      where: 'parseIdx',
      argument: name,
      expected: 'to be an IDX file of unsigned bytes',
      actual: `a file that begins with ${formatShape([...bytes.subarray(0, 4)])}`,
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const values = bytes.subarray(start);
  if (values.length !== sizeOf(shape)) {
    throw new SerializationError({
      where: 'parseIdx',
      argument: name,
      expected: `of ${sizeOf(shape)} bytes of data for ${formatShape(shape)}`,
      actual: String(values.length),
      remedy: 'get it again',
    });
  }
  return { shape, values };
}

const UNSIGNED_BYTE = 8;
