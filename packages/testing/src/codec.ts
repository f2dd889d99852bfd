import { DgmError, Key, sizeOf } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { ensure, ensureClose } from './assert';
import { expectNoLeaks } from './leaks';

/** What the kit asks of a codec. */
export interface CheckedCodec {
  readonly eventShape: readonly number[];
  encode(values: ArrayLike<number>, options?: { readonly includeModel?: boolean }): Uint8Array;
  decode(
    file: Uint8Array,
    options?: { readonly maxValues?: number },
  ): { readonly values: Int32Array | Float32Array; readonly shape: readonly number[] };
  toBytes(): Uint8Array;
}

/** How one codec is checked. */
export interface CodecCase {
  /** Makes the codec, and frees the model that it is made from. */
  readonly make: (key: Key) => CheckedCodec;
  /** The codec of the file that `toBytes` gave. */
  readonly read: (bytes: Uint8Array) => CheckedCodec;
  /** Examples of the checks are integers from 0 to `levels - 1`. */
  readonly levels: number;
  /** The bits that the model gives to examples `[n, ...event]`: a file may take 1 % more, and a constant. */
  readonly bits: (key: Key, values: Int32Array) => number;
  /** What a lossy codec decodes them to, within 1e-4. @defaultValue the values, to the bit */
  readonly reconstruction?: (key: Key, values: Int32Array) => ArrayLike<number>;
  /** Values that the codec refuses. @defaultValue -1, `levels`, 0.5 and NaN */
  readonly unknown?: readonly number[];
  /** The most bytes that a file has besides its message. @defaultValue 40 */
  readonly overhead?: number;
}

export type CodecTable = Readonly<Record<string, () => CodecCase>>;

/** Registers the checks of every codec of a table: faithful, short, portable, and safe against damage. */
export function describeCodec(table: CodecTable): void {
  describe.each(Object.entries(table))('codec %s', (_, makeCase) => {
    const key = Key.of(0);
    let shared: { readonly codec: CheckedCodec; readonly size: number; readonly each: CodecCase } | undefined;
    const made = () => {
      const each = makeCase();
      const codec = each.make(key);
      return (shared ??= { codec, size: sizeOf(codec.eventShape), each });
    };
    /** Integers of any kind: not like the data of the model. */
    const noise = (n: number): Int32Array => {
      const { size, each } = made();
      const random = key.fold('noise').generator();
      return Int32Array.from({ length: n * size }, () => Math.floor(random.uniform() * each.levels));
    };

    it('gives back random and extreme examples, and none', () => {
      const { codec, size, each } = made();
      const batches = [
        noise(7),
        noise(1),
        new Int32Array(0),
        new Int32Array(3 * size),
        new Int32Array(2 * size).fill(each.levels - 1),
      ];
      for (const values of batches) {
        const decoded = codec.decode(codec.encode(values));
        if (each.reconstruction === undefined) expect(decoded.values).toEqual(values);
        else
          ensureClose(
            decoded.values,
            Array.from(each.reconstruction(key, values)),
            { relative: 1e-4, absolute: 1e-4 },
            'decoded values',
          );
        expect(decoded.shape).toEqual([values.length / size, ...codec.eventShape]);
      }
    });

    it('takes the bits of the model', () => {
      const { codec, each } = made();
      const values = noise(7);
      const bits = 8 * codec.encode(values).length;
      const promised = each.bits(key, values);
      const overhead = 8 * (each.overhead ?? 40);
      ensure(bits <= 1.01 * promised + overhead, `took ${bits} bits, the model has ${promised}`);
      ensure(bits >= promised - 16, `took ${bits} bits, fewer than the model's ${promised}`);
    });

    it('writes the same bytes again, and reads those of its model file', () => {
      const { codec, each } = made();
      const values = noise(3);
      const file = codec.encode(values);
      expect(codec.encode(values)).toEqual(file);
      const other = each.read(codec.toBytes());
      expect(other.encode(values)).toEqual(file);
      expect(other.decode(file)).toEqual(codec.decode(file));
    });

    it('keeps no tensors', () => {
      expectNoLeaks(() => makeCase().make(key));
    });

    it('refuses damaged and truncated files, and those of another model, by a typed error', () => {
      const { codec, each } = made();
      const file = codec.encode(noise(2));
      const fail = (bytes: Uint8Array, by: CheckedCodec = codec) => {
        try {
          by.decode(bytes);
        } catch (error) {
          expect(DgmError.is(error, 'serialization')).toBe(true);
          return;
        }
        expect.unreachable('decoded');
      };
      for (let length = 0; length < file.length; length++) fail(file.subarray(0, length));
      for (let at = 0; at < file.length; at++) {
        const flipped = file.slice();
        flipped[at]! ^= 1 << (at % 8);
        fail(flipped);
      }
      fail(file, each.make(key.fold('other')));
    });

    it('refuses values that it does not know, and files larger than allowed', () => {
      const { codec, size, each } = made();
      const code = (act: () => unknown) => {
        try {
          act();
        } catch (error) {
          return DgmError.is(error) ? error.code : error;
        }
        return 'none';
      };
      for (const value of each.unknown ?? [-1, each.levels, 0.5, NaN]) {
        expect(code(() => codec.encode(new Array<number>(size).fill(value)))).toBe('domain');
      }
      expect(code(() => codec.encode(new Array<number>(size + 1).fill(0)))).toBe('shape');
      const file = codec.encode(new Int32Array(2 * size));
      expect(code(() => codec.decode(file, { maxValues: 2 * size - 1 }))).toBe('serialization');
    });
  });
}
