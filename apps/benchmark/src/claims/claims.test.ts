import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Comparison } from '../results/comparison';
import { formatBound, isWithin, type Bound, type Claim } from './claim';
import { claims, readCommittedClaims } from './claims';
import { describeOutcome } from './measure-claim';
import type { Outcome } from './outcome';
import { loadClaims, selectClaims } from './registry';
import { trainedNats } from './trained';

const registry = await loadClaims(new URL('./registry/', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dgm-claims-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A claim that takes no time. */
const claim = (name: string, value: number, more: Partial<Claim> = {}): Claim => ({
  name,
  what: 'a number',
  unit: 'nats',
  bound: { atMost: 2 },
  seeds: [0, 1],
  minutes: 0,
  measure: () => Promise.resolve({ value, standardError: 0.1 }),
  ...more,
});

/** The claims whose values stand in a README of the repository. */
async function statedClaims(): Promise<readonly string[]> {
  const root = new URL('../../../../', import.meta.url);
  const packages = await readdir(new URL('packages/', root));
  const files = [
    'README.md',
    'apps/benchmark/README.md',
    ...packages.map((name) => `packages/${name}/README.md`),
  ];
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, root), 'utf8').catch(() => '')));
  return texts.flatMap((text) => [...text.matchAll(/<!-- claim:(\S+)/g)].map(([, name]) => name!));
}

/** What the command prints and writes, and its exit status. */
async function measured(all: readonly Claim[], ...words: string[]) {
  const file = path.join(folder, 'claims.json');
  const log = vi.spyOn(console, 'log').mockReturnValue();
  const error = vi.spyOn(console, 'error').mockReturnValue();
  try {
    const status = await claims([...words, '--json', file], () => Promise.resolve(all));
    const printed = [...log.mock.calls, ...error.mock.calls].flat().join('\n');
    return { status, printed, outcomes: JSON.parse(await readFile(file, 'utf8')) as Outcome[] };
  } finally {
    log.mockRestore();
    error.mockRestore();
  }
}

describe('a comparison', () => {
  const committed = fileURLToPath(new URL('../../results/compare.json', import.meta.url));
  // What has been measured needs no data.
  const ofThreads = registry
    .filter(({ name }) => name === 'speed.threads.vae')
    .map((each) => ({ ...each, requires: {} }));

  it('gives the times that claims compare', async () => {
    const { measurements } = JSON.parse(await readFile(committed, 'utf8')) as Comparison;
    const ms = (threads: number) =>
      measurements.find(
        (each) => each.model === 'vae' && each.engine === 'compiled' && each.threads === threads,
      )!.msPerStep!.median;
    const { outcomes } = await measured(ofThreads, '--comparison', committed);
    expect(outcomes[0]!.value).toBe(ms(2) / ms(1));
  });

  it.each([
    ['is not there', path.join(tmpdir(), 'no such folder', 'compare.json'), 'which cannot be read'],
    ['is none', fileURLToPath(new URL('../../results/claims.json', import.meta.url)), 'claims.json'],
  ])('that %s', async (_, file, message) => {
    await expect(measured(ofThreads, '--comparison', file)).rejects.toThrow(message);
  });
});

describe('the registry', () => {
  it('has names of their own, of family, data or quantity, and what it is', () => {
    const names = registry.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, what, seeds, minutes } of registry) {
      expect(name).toMatch(/^[a-z]+(\.[a-z0-9-]+)+$/);
      expect([what.length > 10, seeds.length > 0, minutes > 0], name).toEqual([true, true, true]);
    }
  });

  it('holds every committed value to its bound, save for those that it knows are missed', async () => {
    const { claims: committed } = await readCommittedClaims();
    expect(committed.length).toBeGreaterThan(10);
    for (const { name, value, bound, seeds, holds } of committed) {
      const found = registry.find((each) => each.name === name);
      const isWithinBound = isWithin(value!, found!.bound);
      expect({ bound, seeds, holds, isWithinBound }, name).toEqual({
        bound: formatBound(found!.bound),
        seeds: found!.seeds,
        holds: found!.missed === undefined,
        isWithinBound: found!.missed === undefined,
      });
    }
  });

  it('has a committed value for every claim that a README states', async () => {
    const { claims: committed } = await readCommittedClaims();
    const names = new Set(committed.map(({ name }) => name));
    const stated = await statedClaims();
    expect(stated.length).toBeGreaterThan(0);
    expect(stated.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('selectClaims', () => {
  const all = ['flows.digits.idf', 'flows.plane.cnf', 'arm.digits.exact'].map((name) => claim(name, 1));
  const names = (...words: string[]) => selectClaims(all, words).map(({ name }) => name);

  it('takes names, beginnings and nothing', () => {
    expect(names('flows.*')).toEqual(['flows.digits.idf', 'flows.plane.cnf']);
    expect(names('arm.digits.exact', 'flows.digits.*')).toEqual(['flows.digits.idf', 'arm.digits.exact']);
    expect(names()).toHaveLength(3);
  });

  it('suggests the closest name', () => {
    expect(() => names('flow.*')).toThrow('did you mean "flows.*"');
    expect(() => names('arm.digits.exat')).toThrow('did you mean "arm.digits.exact"');
    expect(() => names('flows.')).toThrow('got "flows."');
  });
});

it.each<[number, Bound, boolean]>([
  [1, { atMost: 1 }, true],
  [1.1, { atMost: 1 }, false],
  [1, { atLeast: 1 }, true],
  [0.9, { atLeast: 1 }, false],
])('%s within %j: %s', (value, bound, expected) => {
  expect(isWithin(value, bound)).toBe(expected);
});

describe('dgm-bench claims', () => {
  it('measures the named claims, prints and writes them', async () => {
    const { status, printed, outcomes } = await measured([claim('a.one', 1), claim('b.two', 5)], 'a.*');
    expect(status).toBe(0);
    expect(printed).toMatch(/pass {2}a\.one {2}1\.0000 ± 0\.10 nats \(<= 2\) {2}[\d.]+ s$/m);
    expect(outcomes).toEqual([
      {
        name: 'a.one',
        value: 1,
        standardError: 0.1,
        bound: '<= 2',
        holds: true,
        seeds: [0, 1],
        seconds: expect.any(Number),
      },
    ]);
  });

  it.each([
    ['out of its bound', claim('a.one', 3), 3],
    ['not a number', claim('a.one', Number.NaN), null],
    ['an error', claim('a.one', 0, { measure: () => Promise.reject(new RangeError('out of luck')) }), null],
  ])('fails for a value that is %s', async (_, failing, value) => {
    const { status, printed, outcomes } = await measured([failing, claim('b.two', 1)]);
    expect(status).toBe(1);
    expect(printed).toContain('FAIL  a.one');
    expect(outcomes.map(({ holds }) => holds)).toEqual([false, true]);
    expect(outcomes[0]!.value).toBe(value);
  });

  it.each([
    ['has no data for', { requires: { dataset: 'digits' } }, 'the data set digits is missing'],
    ['cannot measure here', { unavailable: () => Promise.resolve('no history') }, 'no history'],
  ])('skips what it %s, which is no failure', async (_, more, reason) => {
    const absent = claim('a.one', 3, more);
    const { status, printed, outcomes } = await measured([absent], '--data-dir', folder);
    expect(status).toBe(0);
    expect(printed).toContain(`skip  a.one  ${reason}`);
    expect(outcomes[0]).toMatchObject({ value: null, holds: null });
  });

  it('trains a recipe on data that everybody has', async () => {
    const options = { model: 'arm-finite-memory', dataset: 'glyphs', epochs: 1, quick: true };
    const glyphs = claim('arm.glyphs.exact', Number.NaN, {
      bound: { atMost: 64 * Math.log(17) },
      measure: (context) => trainedNats(options, context),
    });
    const { status, printed, outcomes } = await measured([glyphs]);
    expect(status, printed).toBe(0);
    expect(outcomes[0]!.value).toBeGreaterThan(90);
    // Two seeds give two numbers.
    expect(outcomes[0]!.standardError).toBeGreaterThan(0);
  });

  it('shows a value without a standard error', () => {
    const outcome = { name: 'a', bound: '>= 1', holds: true, seeds: [0], seconds: 2 };
    expect(describeOutcome({ ...outcome, value: 2, standardError: null }, 'times', 3)).toBe(
      'pass  a    2.0000 times (>= 1)  2 s',
    );
  });
});
