import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Results } from '../src/results/schema';

const folder = new URL('../results/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

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
});
