import { Key } from '@dgm/core';

/** Makes one to three random changes to a file. */
export type Mutator = (bytes: Uint8Array) => Uint8Array<ArrayBuffer>;

/** Values at which fields of a header tend to break a reader. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff];

/** The changes that a seed gives, the same ones each time. */
export function mutator(seed: number): Mutator {
  const random = Key.of(seed).generator();
  const below = (count: number) => Math.floor(random.uniform() * count);
  const splice = (bytes: number[], start: number, length: number, ...inserted: readonly number[]) => {
    bytes.splice(start, length, ...inserted);
  };
  const changes: readonly ((bytes: number[], at: number) => void)[] = [
    (bytes, at) => (bytes[at]! ^= 1 << below(8)),
    (bytes, at) => (bytes[at] = below(256)),
    (bytes, at) => (bytes.length = at),
    (bytes, at) => splice(bytes, at, 0, ...Array.from({ length: 1 + below(16) }, () => below(256))),
    (bytes, at) => splice(bytes, at, 1 + below(64)),
    (bytes, at) => splice(bytes, at, 0, ...bytes.slice(at, at + 1 + below(64))),
    (bytes, at) => {
      const [width, value] = [2 ** (1 + below(3)), EXTREMES[below(EXTREMES.length)]!];
      for (let index = at; index < Math.min(bytes.length, at + width); index++) bytes[index] = value;
    },
    // Headers are where a byte matters most.
    (bytes) => (bytes[below(Math.min(64, bytes.length))] = EXTREMES[below(EXTREMES.length)]!),
  ];
  return (bytes) => {
    const changed = Array.from(bytes);
    for (let left = 1 + below(3); left > 0 && changed.length > 0; left--) {
      changes[below(changes.length)]!(changed, below(changed.length));
    }
    return Uint8Array.from(changed);
  };
}
