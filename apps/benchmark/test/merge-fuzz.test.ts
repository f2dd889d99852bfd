import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DgmError, Key } from '@dgm/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { merge } from '../src/merge/merge';
import { madeUpComparison } from './fixtures/comparison';
import { madeUpReport } from './fixtures/results';

/** Damaged files of each kind; more of them with `DGM_FUZZ=10000`. */
const COUNT = Number(process.env['DGM_FUZZ'] ?? 25);
const SEED = Number(process.env['DGM_FUZZ_SEED'] ?? 1);

const SCRIPT = '<script>alert(1)</script>';

/** Values that a program tends not to expect. */
const surprises: readonly unknown[] = [
  null,
  -1,
  0.5,
  1e308,
  2 ** 53,
  '',
  SCRIPT,
  '../../etc/passwd',
  'a/b.png',
  [],
  [[]],
  {},
  { length: 1e9 },
  true,
];

type Random = ReturnType<Key['generator']>;
const below = (random: Random, count: number) => Math.floor(random.uniform() * count);
const oneOf = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)]!;

/** All objects and arrays in a value. */
function containers(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(containers)];
}

/** JSON with one to three values replaced, removed, doubled or misnamed. */
function damagedJson(random: Random, original: unknown): string {
  const value = structuredClone(original);
  for (let left = 1 + below(random, 3); left > 0; left--) {
    const place = oneOf(random, containers(value));
    const names = Object.keys(place);
    if (names.length === 0) continue;
    const name = oneOf(random, names);
    const change = oneOf(random, ['replace', 'remove', 'copy', 'prototype'] as const);
    if (change === 'replace') place[name] = oneOf(random, surprises);
    if (change === 'remove') Reflect.deleteProperty(place, name);
    if (change === 'copy') place[oneOf(random, names)] = structuredClone(place[name]);
    if (change === 'prototype') {
      const all = { enumerable: true, writable: true, configurable: true };
      Object.defineProperty(place, '__proto__', { ...all, value: {} });
    }
  }
  return JSON.stringify(value);
}

/** Text that is no JSON any more, or another one. */
function damagedText(random: Random, original: unknown): string {
  const text = JSON.stringify(original);
  const [start, length] = [below(random, text.length), below(random, 40)];
  return oneOf(random, [
    text.slice(0, start),
    text.slice(0, start) + text.slice(start + length),
    text.slice(0, start) + text.slice(start, start + length) + text.slice(start),
    text.slice(0, start) + oneOf(random, ['}', '"', '\0', '1e999', '\u{1F600}']) + text.slice(start + 1),
  ]);
}

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'dgm-fuzz-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true, force: true });
});

describe('merging damaged files', { timeout: 30_000 + 500 * COUNT }, () => {
  it.each([
    ['results.json', 'report.html', madeUpReport().results],
    ['compare.json', 'compare.html', madeUpComparison()],
  ])('of %s is refused by name or gives a report without their markup', async (name, page, original) => {
    for (const stream of ['log', 'error'] as const) vi.spyOn(console, stream).mockReturnValue();
    const random = Key.of(SEED).generator();
    const [part, out] = [path.join(root, 'part'), path.join(root, 'out')];
    await mkdir(part);
    let refused = 0;
    for (let index = 0; index < COUNT; index++) {
      const damage = below(random, 4) === 0 ? damagedText : damagedJson;
      await writeFile(path.join(part, name), damage(random, original));
      await rm(out, { recursive: true, force: true });
      try {
        expect([0, 1]).toContain(await merge([part, '--out', out]));
        expect(await readFile(path.join(out, page), 'utf8')).not.toContain(SCRIPT);
      } catch (error) {
        // An error of another kind fails the test with its own message.
        if (!DgmError.is(error)) throw error;
        refused++;
        expect(existsSync(path.join(out, page))).toBe(false);
      }
    }
    expect(refused).toBeGreaterThan(COUNT / 10);
    expect(refused).toBeLessThan(COUNT);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
