import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { qualityRows } from '../src/statistics/quality-rows';
import { rowsOf } from '../src/statistics/rows';
import type { Comparison } from '../src/results/comparison';
import type { Results } from '../src/results/schema';
import type { WeightCurves } from '../src/weights/weight-curve';

const folder = new URL('../results/', import.meta.url);
const COMPARISON = 'compare.json';
const QUALITY = 'quality.json';
const WEIGHTS = 'hybrid-weights.json';
const REAL_SIZES = /^compare-.*\.json$/;
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const files = names.filter(
  (name) => !REAL_SIZES.test(name) && ![COMPARISON, QUALITY, WEIGHTS, 'claims.json'].includes(name),
);
const fixture = new URL('fixtures/quality.json', import.meta.url);
/** The comparison over several seeds, once there is one, and a small one of the same kind. */
const overSeeds = [
  { title: 'the fixture', url: fixture },
  { title: QUALITY, url: new URL(QUALITY, folder) },
].filter(({ url }) => existsSync(url));

describe('the committed results', () => {
  it('hold the digits', () => {
    expect(files).toContain('digits.json');
  });

  it.each(files)('%s: one finished run per model, and the command that made it', (name) => {
    const { schema, dataset, runs, failures } = JSON.parse(
      readFileSync(new URL(name, folder), 'utf8'),
    ) as Results;
    expect({ schema, failures }).toEqual({ schema: 1, failures: undefined });
    expect(`${dataset.name}.json`).toBe(name);
    expect(new Set(runs.map(({ model }) => model)).size).toBe(runs.length);
    for (const { model, seed, validation, extra } of runs) {
      expect(Number.isFinite(validation.nats), model).toBe(true);
      expect(extra.command).toMatch(`npm run bench -- --models ${model} --dataset ${dataset.name} `);
      expect(extra.command).toMatch(new RegExp(`--seed[ =]${seed}\\b`));
    }
  });

  it(`${COMPARISON}: rows for each of our engines, complete or with a reason, and the command that made them`, () => {
    const text = readFileSync(new URL(COMPARISON, folder), 'utf8');
    const { schema, command, machine, rows } = JSON.parse(text) as Comparison;
    expect(schema).toBe(1);
    expect(command).toMatch(/^npm run bench -- compare --models \S+ --dataset digits /);
    expect(machine.pytorch).toMatch(/^\d/);
    expect(rows.map(({ engine }) => engine)).toContain('compiled');
    expect(new Set(rows.map(({ setting }) => setting))).toEqual(new Set(['one-thread', 'fastest']));
    for (const { oursTestNats, peerTestNats, oursTestNatsSd, peerTestNatsSd, ...row } of rows) {
      if (row.error === undefined) expect(Object.values(row), row.model).not.toContain(null);
      // Times only: what training leads to stands in a file of its own, over several seeds.
      expect([oursTestNats, peerTestNats, oursTestNatsSd, peerTestNatsSd]).toEqual([null, null, null, null]);
      if (row.ratio !== null) expect(row.ratio / (row.peerMs! / row.oursMs!)).toBeCloseTo(1, 2);
    }
    const complete = rows.filter(({ error }) => error === undefined);
    expect(complete.length).toBeGreaterThan(0);
  });

  it.each(names.filter((name) => REAL_SIZES.test(name)))(
    '%s: steps of both sides with their memory, and the command',
    (name) => {
      const { command, dataset, rows, measurements } = JSON.parse(
        readFileSync(new URL(name, folder), 'utf8'),
      ) as Comparison;
      expect(`compare-${dataset.name}.json`).toBe(name);
      expect(command).toContain(`--dataset ${dataset.name} `);
      for (const { model, peer, ratio, error } of rows) {
        expect({ model, error }).toEqual({ model, error: undefined });
        expect(ratio, model).toBeGreaterThan(0);
        const sides = measurements.filter((other) => other.model === model && other.error === null);
        expect(sides.map(({ engine }) => engine)).toEqual(expect.arrayContaining(['compiled', peer]));
        for (const { stepMemoryMiB, peakMemoryMiB } of sides) {
          expect(stepMemoryMiB, model).toBeGreaterThan(0);
          expect(stepMemoryMiB, model).toBeLessThan(peakMemoryMiB!);
        }
      }
    },
  );

  it(`${WEIGHTS}: hybrid models whose likelihood grows with its weight, and the command`, () => {
    const { command, curves } = JSON.parse(readFileSync(new URL(WEIGHTS, folder), 'utf8')) as WeightCurves;
    expect(command).toMatch(/^npm run bench -- weights --models \S+ --weights \S+ --dataset digits /);
    for (const { model, gradients, points } of curves) {
      const [first, last] = [points[0]!, points.at(-1)!];
      expect(last.weight, model).toBeGreaterThan(first.weight);
      expect(last.nats, model).toBeLessThan(first.nats!);
      expect(gradients.density, model).toBeGreaterThan(gradients.classification);
    }
  });

  it.runIf(overSeeds.some(({ title }) => title === QUALITY))(
    `${QUALITY}: the models of ${COMPARISON}`,
    () => {
      const [timed, trained] = [COMPARISON, QUALITY].map((name) => {
        const { rows } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Comparison;
        return [...new Set(rows.map(({ model }) => model))].sort();
      });
      expect(trained).toEqual(timed);
    },
  );

  it.each(overSeeds)(
    '$title: a difference with its interval for each model that has a likelihood',
    ({ url }) => {
      const comparison = JSON.parse(readFileSync(url, 'utf8')) as Comparison;
      const { schema, command, rows, measurements } = comparison;
      expect(schema).toBe(1);
      const [, seeds] = / --seconds 0 .*--seeds (\S+) /.exec(command)!;
      const models = [...new Set(rows.map(({ model }) => model))];
      // The rows are what their measurements make.
      expect(rows).toEqual(
        models.flatMap((name) => rowsOf(measurements.filter(({ model }) => model === name))),
      );
      const quality = qualityRows(comparison);
      expect(quality.length).toBeGreaterThan(0);
      const whole = rows.filter(({ error }) => error === undefined);
      for (const row of quality.filter(({ model }) => whole.some((other) => other.model === model))) {
        expect(row.seeds, row.model).toBe(seeds!.split(',').length);
        if (row.oursTestNats === null) continue;
        expect(row.difference?.halfWidth, row.model).toBeGreaterThan(0);
        expect(row.verdict, row.model).not.toBeNull();
      }
    },
  );
});
