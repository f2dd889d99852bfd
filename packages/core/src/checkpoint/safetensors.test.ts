import { DgmError, type SerializationError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/safetensors.json';
import { crc32 } from './crc32';
import type { HostTensor } from './host-tensor';
import { decodeSafetensors, encodeSafetensors } from './safetensors';

const tensors = new Map<string, HostTensor>([
  ['seen', { dtype: 'bool', shape: [3], values: Uint8Array.of(1, 0, 1) }],
  ['kernel', { dtype: 'float32', shape: [2, 2], values: Float32Array.of(1.5, -2, 0.1, 3e38) }],
  ['count', { dtype: 'int32', shape: [], values: Int32Array.of(-7) }],
]);

function failure(action: () => unknown): SerializationError {
  try {
    action();
  } catch (error) {
    if (DgmError.is(error, 'serialization')) return error;
    throw error;
  }
  return expect.fail('expected an error');
}

/** A file with any header, right or wrong. */
function fileOf(header: unknown, data = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

it('reads a view into larger memory, as Node gives small files', () => {
  const file = encodeSafetensors({ tensors, metadata: {} });
  const pool = Buffer.alloc(file.length + 16, 255);
  pool.set(file, 3);
  expect(decodeSafetensors(pool.subarray(3, 3 + file.length)).tensors).toEqual(tensors);
});

describe('crc32', () => {
  it('has the check value of the standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe('cbf43926');
    expect(crc32(new TextEncoder().encode('1234'), new TextEncoder().encode('56789'))).toBe('cbf43926');
  });
});

describe('safetensors', () => {
  it('reads a file of another writer', () => {
    const file = decodeSafetensors(Uint8Array.from(Buffer.from(golden.file, 'hex')));
    expect(file.metadata).toEqual({ from: 'elsewhere' });
    expect(new Map(file.tensors)).toEqual(tensors);
  });

  it('reads what it wrote, to the last bit', () => {
    const nan = new Float32Array(Uint32Array.of(0x7fc12345, 0x80000000).buffer);
    const all = new Map([...tensors, ['odd', { dtype: 'float32', shape: [2], values: nan } as const]]);
    const file = decodeSafetensors(encodeSafetensors({ tensors: all, metadata: { note: 'ä "quoted"' } }));
    expect(file.metadata).toEqual({ note: 'ä "quoted"' });
    const { values } = file.tensors.get('odd')!;
    expect([...new Uint32Array(values.buffer)]).toEqual([0x7fc12345, 0x80000000]);
    expect(new Map([...file.tensors].filter(([path]) => path !== 'odd'))).toEqual(tensors);
  });

  it('aligns its data', () => {
    const bytes = encodeSafetensors({ tensors, metadata: {} });
    expect((8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))) % 8).toBe(0);
    expect(bytes[8]).toBe('{'.charCodeAt(0));
  });

  it('holds nothing, if need be', () => {
    expect(decodeSafetensors(encodeSafetensors({ tensors: new Map(), metadata: {} })).tensors.size).toBe(0);
  });

  it('notices every flipped bit and every truncation', () => {
    const bytes = encodeSafetensors({ tensors, metadata: { format: 'dgm.test' } });
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at % 8);
      expect(() => decodeSafetensors(damaged), `byte ${at}`).toThrow();
      expect(failure(() => decodeSafetensors(bytes.slice(0, at))).code).toBe('serialization');
    }
  });

  it.each([
    ['a header that is no JSON', fileOf('{"a"'), 'file'],
    ['a header that is no object', fileOf('[]'), 'file'],
    [
      'an unknown type',
      fileOf({ a: { dtype: 'F16', shape: [1], data_offsets: [0, 2] } }, new Uint8Array(2)),
      'a',
    ],
    [
      'a wrong size',
      fileOf({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, new Uint8Array(4)),
      'a',
    ],
    [
      'missing data',
      fileOf({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, new Uint8Array(3)),
      'file',
    ],
    [
      'too much data',
      fileOf({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, new Uint8Array(5)),
      'file',
    ],
    ['no shape', fileOf({ a: { dtype: 'F32', data_offsets: [0, 4] } }, new Uint8Array(4)), 'a'],
    ['no entry', fileOf({ a: null }), 'a'],
    ['a hole', fileOf({ a: { dtype: 'BOOL', shape: [1], data_offsets: [1, 2] } }, new Uint8Array(2)), 'file'],
  ])('refuses %s', (_, file, argument) => {
    expect(failure(() => decodeSafetensors(file))).toMatchObject({ argument });
  });
});
