import type { Dataset } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { madeUpComparison } from '../../test/fixtures/comparison';
import { parseCompareArguments } from './arguments';
import { openComparison, withMeasurements } from './open-comparison';

const given = parseCompareArguments([]);
const earlier = madeUpComparison();
const dataset = { sha256: earlier.dataset.sha256 } as Dataset;
const peers = [{ name: 'pytorch', interpreter: { missing: 'nowhere', remedy: 'install it' } }] as const;

describe('a comparison that goes on', () => {
  it('keeps what another machine has measured under its name', async () => {
    const opened = await openComparison({ given, earlier }, dataset, peers);
    const models = [...new Set(earlier.rows.map(({ model }) => model))];
    expect(opened.machines).toEqual([
      { machine: earlier.machine, models },
      { machine: expect.objectContaining({ node: process.versions.node }), models: [] },
    ]);
    const more = earlier.measurements.slice(0, 4).map((row) => ({ ...row, model: 'another' }));
    const longer = withMeasurements(opened, more);
    expect(longer.machines!.map((machine) => machine.models)).toEqual([models, ['another']]);
    expect(longer.rows.length).toBeGreaterThan(opened.rows.length);
    const again = await openComparison({ given, earlier: longer }, dataset, peers);
    expect(again).toBe(longer);
  });

  it('names no machines where there is one', () => {
    expect(withMeasurements(earlier, []).machines).toBeUndefined();
  });

  it('refuses other data', async () => {
    const other = { sha256: 'other' } as Dataset;
    await expect(openComparison({ given, earlier }, other, peers)).rejects.toThrow('the data to be');
  });
});
