import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/npy.json';
import { formatNpy, npy, parseNpy } from './npy';
import { toExamples } from './to-examples';

const bytesOf = (name: keyof typeof golden): Uint8Array =>
  new Uint8Array(Buffer.from(golden[name].base64, 'base64'));

describe('parseNpy', () => {
  it.each([
    ['float32', Float32Array],
    ['float64', Float64Array],
    ['uint8', Uint8Array],
    ['int32', Int32Array],
    ['int64', Int32Array],
    ['big-endian float32', Float32Array],
    ['fortran order', Float32Array],
    ['scalar', Int32Array],
    ['vector', Float32Array],
    ['empty', Float32Array],
    ['bool', Uint8Array],
    ['fortran order bool', Uint8Array],
    ['int8', Int32Array],
    ['int16', Int32Array],
    ['uint16', Int32Array],
    ['uint32', Int32Array],
    ['uint64', Int32Array],
    ['float16', Float32Array],
    ['big-endian float16', Float32Array],
    ['big-endian float64', Float64Array],
    ['big-endian int16', Int32Array],
    ['big-endian uint16', Int32Array],
    ['big-endian int32', Int32Array],
    ['big-endian uint32', Int32Array],
    ['big-endian int64', Int32Array],
    ['big-endian uint64', Int32Array],
  ] as const)('reads %s as NumPy saves it', (name, Values) => {
    const { shape, values } = parseNpy(bytesOf(name));
    expect(shape).toEqual(golden[name].shape);
    expect(values).toBeInstanceOf(Values);
    expect(values).toHaveLength(golden[name].values.length);
    golden[name].values.forEach((value, index) => expect(values[index]).toBeCloseTo(value, 11));
  });

  it('loses nothing in silence', () => {
    expect(() => parseNpy(bytesOf('large int64'), 'big.npy')).toThrow(
      "npy: expected big.npy, value 0 to fit into int32, got 2147483648; save it with array.astype('float64')",
    );
    expect(() => parseNpy(bytesOf('large uint32'))).toThrow('to fit into int32, got 4294967295');
    expect(() => parseNpy(bytesOf('large uint64'))).toThrow('to fit into int32, got 18446744073709551615');
    expect(() => parseNpy(bytesOf('complex'))).toThrow('floats of 16 to 64 bits, got "<c16"');
    expect(() => parseNpy(bytesOf('text'))).toThrow('got "<U1"');
    expect(() => parseNpy(bytesOf('structured'))).toThrow("to state 'descr', 'fortran_order' and 'shape'");
    const damaged = bytesOf('bool').slice();
    damaged[damaged.length - 1] = 2;
    expect(() => parseNpy(damaged)).toThrow('value 3 to be a boolean, 0 or 1, got 2');
    expect(() => parseNpy(bytesOf('float32').subarray(0, 140))).toThrow(
      'of 24 bytes of data for [2, 3], got 12',
    );
    expect(() => parseNpy(bytesOf('float32').subarray(0, 60))).toThrow(
      'to have a header of 128 bytes, got 60 bytes',
    );
    expect(() => parseNpy(Uint8Array.of(1, 2, 3))).toThrow('to be a .npy file of version 1, 2 or 3');
  });
});

describe('formatNpy', () => {
  it.each(['float32', 'float64', 'uint8', 'int32', 'scalar', 'vector', 'empty'] as const)(
    'writes the very bytes of NumPy: %s',
    (name) => expect(formatNpy(parseNpy(bytesOf(name)))).toEqual(bytesOf(name)),
  );

  it('refuses values that do not fill the shape', () => {
    expect(() => formatNpy({ shape: [2, 2], values: new Float32Array(3) })).toThrow(
      'of length 4 for [2, 2], got 3',
    );
  });
});

describe('npy', () => {
  it('reads a file and names it in errors', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dgm-npy-'));
    const path = join(folder, 'x.npy');
    await writeFile(path, bytesOf('vector'));
    expect(Array.from((await npy(path)).values)).toEqual([1, 2]);
    await writeFile(path, 'something else');
    await expect(npy(path)).rejects.toMatchObject({ code: 'serialization', argument: path });
    await rm(folder, { recursive: true });
  });
});

describe('toExamples', () => {
  it('takes the first axis for the examples', () => {
    const labels = { shape: [2], values: Float64Array.of(4, 5) };
    const examples = toExamples({ shape: [2, 3, 1], values: Float64Array.of(0, 1, 2, 3, 4, 5) }, { labels });
    expect(examples.shape).toEqual([3, 1]);
    expect(examples.values).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
    expect(examples.labels).toEqual(Int32Array.of(4, 5));
  });

  it('refuses what is not one label for each example', () => {
    const array = { shape: [2, 1], values: Float32Array.of(0, 1) };
    const labelled =
      (shape: number[], ...values: number[]) =>
      () =>
        toExamples(array, { labels: { shape, values: Float64Array.from(values) } });
    expect(labelled([3], 1, 2, 3)).toThrow('expected labels.shape [2], got [3]');
    expect(labelled([2], 1, 2.5)).toThrow('expected labels[1] to be an int32, got 2.5');
    expect(() => toExamples({ shape: [], values: Float32Array.of(0) })).toThrow(
      'expected array.shape [count, ...]',
    );
  });
});
