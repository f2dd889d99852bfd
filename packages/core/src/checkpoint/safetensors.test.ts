import { DgmError, type SerializationError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/safetensors.json';
import { crc32 } from './crc32';
import type { HostTensor } from './host-tensor';
import { readSafetensors, writeSafetensors } from './safetensors';

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

const entryOf = (dtype: string, size: number): string =>
  JSON.stringify({ dtype, shape: [size], data_offsets: [0, size] });

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
  const file = writeSafetensors({ tensors, metadata: {} });
  const pool = Buffer.alloc(file.length + 16, 255);
  pool.set(file, 3);
  expect(readSafetensors(pool.subarray(3, 3 + file.length)).tensors).toEqual(tensors);
});

describe('crc32', () => {
  it('has the check value of the standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe('cbf43926');
    expect(crc32(new TextEncoder().encode('1234'), new TextEncoder().encode('56789'))).toBe('cbf43926');
  });
});

describe('safetensors', () => {
  it('reads a file of another writer', () => {
    const file = readSafetensors(Uint8Array.from(Buffer.from(golden.file, 'hex')));
    expect(file.metadata).toEqual({ from: 'elsewhere' });
    expect(new Map(file.tensors)).toEqual(tensors);
  });

  it('reads what it wrote, to the last bit', () => {
    const nan = new Float32Array(Uint32Array.of(0x7fc12345, 0x80000000).buffer);
    const all = new Map([...tensors, ['odd', { dtype: 'float32', shape: [2], values: nan } as const]]);
    const file = readSafetensors(writeSafetensors({ tensors: all, metadata: { note: 'ä "quoted"' } }));
    expect(file.metadata).toEqual({ note: 'ä "quoted"' });
    const { values } = file.tensors.get('odd')!;
    expect([...new Uint32Array(values.buffer)]).toEqual([0x7fc12345, 0x80000000]);
    expect(new Map([...file.tensors].filter(([path]) => path !== 'odd'))).toEqual(tensors);
  });

  it('aligns its data', () => {
    const bytes = writeSafetensors({ tensors, metadata: {} });
    expect((8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))) % 8).toBe(0);
    expect(bytes[8]).toBe('{'.charCodeAt(0));
  });

  it('takes any name of a tensor but the one that the format reserves', () => {
    const one: HostTensor = { dtype: 'int32', shape: [], values: Int32Array.of(1) };
    const odd = new Map([['__proto__', one], ['constructor', one]]); // prettier-ignore
    expect(readSafetensors(writeSafetensors({ tensors: odd, metadata: {} })).tensors).toEqual(odd);
    const reserved = () => writeSafetensors({ tensors: new Map([['__metadata__', one]]), metadata: {} });
    expect(reserved).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument')));
  });

  it('holds nothing, if need be', () => {
    expect(readSafetensors(writeSafetensors({ tensors: new Map(), metadata: {} })).tensors.size).toBe(0);
  });

  it('notices every flipped bit and every truncation', () => {
    const bytes = writeSafetensors({ tensors, metadata: { format: 'dgm.test' } });
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at % 8);
      expect(() => readSafetensors(damaged), `byte ${at}`).toThrow();
      expect(failure(() => readSafetensors(bytes.slice(0, at))).code).toBe('serialization');
    }
  });

  it.each([
    ['a header that is no JSON', fileOf('{"a"'), 'file'],
    ['a header that is no object', fileOf('[]'), 'file'],
    [
      'an unknown type',
      fileOf({ a: { dtype: 'F8_E4M3', shape: [1], data_offsets: [0, 1] } }, new Uint8Array(1)),
      'a',
    ],
    [
      'a type that is no text',
      fileOf({ a: { dtype: { toString: 1 }, shape: [], data_offsets: [0, 0] } }),
      'a',
    ],
    ['metadata that are null', fileOf({ __metadata__: null }), '__metadata__'],
    ['metadata that are no text', fileOf({ __metadata__: { format: { toString: 1 } } }), '__metadata__'],
    [
      'a tensor twice',
      fileOf(`{"a":${entryOf('BOOL', 1)},"a":${entryOf('BOOL', 1)}}`, new Uint8Array(1)),
      '"a"',
    ],
    ['endless nesting', fileOf('['.repeat(10_000) + ']'.repeat(10_000)), 'file'],
    ['a nested type', fileOf(`{"a":{"dtype":${'['.repeat(5)}${']'.repeat(5)}}}`), 'file'],
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
    expect(failure(() => readSafetensors(file))).toMatchObject({ argument });
  });

  it('quotes no more of a file than a reader wants to see', () => {
    const file = fileOf({ a: { dtype: 'x'.repeat(1e6), shape: [], data_offsets: [0, 0] } });
    expect(failure(() => readSafetensors(file)).message.length).toBeLessThan(400);
  });

  it('takes a checksum of another program for what it is: metadata', () => {
    const metadata = { format: 'pt', checksum: 'sha256:abc' };
    expect(readSafetensors(fileOf({ __metadata__: metadata })).metadata).toEqual(metadata);
  });

  it('takes empty tensors wherever the header has them', () => {
    const a = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
    const header = { a, e: { dtype: 'F32', shape: [0], data_offsets: [0, 0] } };
    expect(readSafetensors(fileOf(header, new Uint8Array(4))).tensors.get('e')!.values).toHaveLength(0);
  });

  it('takes a text that looks like a key, or holds quotes, for what it is', () => {
    const metadata = { note: 'a "quoted": {[ text', other: 'a "quoted": {[ text' };
    expect(readSafetensors(fileOf({ __metadata__: metadata })).metadata).toEqual(metadata);
  });
});

describe('types of other programs', () => {
  const fileWith = (code: string, shape: readonly number[], hex: string): Uint8Array => {
    const data = Uint8Array.from(Buffer.from(hex, 'hex'));
    return fileOf({ a: { dtype: code, shape, data_offsets: [0, data.length] } }, data);
  };

  it.each(golden.types as [string, string, (number | string)[]][])(
    'reads %s exactly',
    (code, hex, expected) => {
      const { dtype, values } = readSafetensors(fileWith(code, [expected.length], hex)).tensors.get('a')!;
      expect(dtype).toBe(code.includes('F') ? 'float32' : 'int32');
      expect([...values]).toEqual(expected.map((value) => Number(String(value).replace('inf', 'Infinity'))));
    },
  );

  it.each([
    [
      'F64',
      '9a9999999999b93f',
      /a to hold values that fit exactly into float32, got 0.1, of type F64; convert it to F32/,
    ],
    ['I64', '0000008000000000', /exactly into int32, got 2147483648/],
    ['U64', 'ffffffffffffffff', /exactly into int32, got 18446744073709552000/],
    ['U32', '00000080', /exactly into int32, got 2147483648/],
  ])('refuses %s that does not fit', (code, hex, message) => {
    expect(failure(() => readSafetensors(fileWith(code, [1], hex))).message).toMatch(message);
  });

  it('keeps a NaN one', () => {
    const values = ['7e00', '7fc0'].map((bits) => Buffer.from(bits, 'hex').reverse().toString('hex'));
    ['F16', 'BF16'].forEach((code, index) => {
      expect(readSafetensors(fileWith(code, [1], values[index]!)).tensors.get('a')!.values[0]).toBeNaN();
    });
  });
});

it('refuses what is no Uint8Array, and says how to make one of an ArrayBuffer', () => {
  const of = (bytes: unknown) => () => readSafetensors(bytes as Uint8Array);
  expect(of(new ArrayBuffer(8))).toThrow(
    /bytes to be a Uint8Array, .*ArrayBuffer; give new Uint8Array\(buffer\)/,
  );
  for (const bytes of [undefined, 'weights.safetensors', Float32Array.of(1), [1, 2]]) {
    expect(of(bytes)).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'argument')));
  }
});
