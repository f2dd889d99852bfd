import type { ExampleSource, Key } from '@dgm/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Examples } from '../dataset';
import { subset } from '../transforms/subset';

/** A source whose number of examples is known. */
export interface FileExamples extends ExampleSource {
  readonly count: number;
}

/** A name for data: the hash of what decides them. */
export function identify(kind: string, ...parts: readonly string[]): string {
  return `${kind} ${bytesToHex(sha256(utf8ToBytes(JSON.stringify(parts))))}`;
}

/**
 * Shuffles pieces within a window: rows are gathered until there are `window` of them, and come out in random order, in
 * pieces of `size` rows. A window of 1 keeps the order.
 */
export async function* shuffled(
  pieces: AsyncIterable<Examples>,
  { window, size, key }: { readonly window: number; readonly size: number; readonly key: Key },
): AsyncGenerator<Examples, void> {
  let gathered: Examples[] = [];
  let count = 0;
  let windows = 0;
  const shuffle = function* () {
    if (count === 0) return;
    const order = key.fold(windows++).permutation(count);
    const rows = window === 1 ? order.map((_, row) => row) : order;
    const examples = join(gathered);
    for (let start = 0; start < count; start += size)
      yield subset(examples, rows.subarray(start, start + size));
    gathered = [];
    count = 0;
  };
  for await (const piece of pieces) {
    gathered.push(piece);
    count += piece.count;
    if (count >= window) yield* shuffle();
  }
  yield* shuffle();
}

function join(pieces: readonly Examples[]): Examples {
  const [first] = pieces as [Examples];
  if (pieces.length === 1) return first;
  const count = pieces.reduce((sum, piece) => sum + piece.count, 0);
  const length = pieces.reduce((sum, { values }) => sum + values.length, 0);
  const Values = first.values.constructor as new (length: number) => Examples['values'];
  const values = new Values(length);
  const labels = first.labels && new Int32Array(count);
  let [value, row] = [0, 0];
  for (const piece of pieces) {
    values.set(piece.values, value);
    if (labels) labels.set(piece.labels!, row);
    value += piece.values.length;
    row += piece.count;
  }
  return { count, shape: first.shape, values, ...(labels && { labels }) };
}
