import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { site } from '../folders';
import { demos } from './catalog';
import type { DemoEntry, DemoName } from './catalog';
import { recordedFile, recordPanels, toPanels } from './recorded';
import type { Recorded } from './recorded';

it.each(Object.keys(demos) as DemoName[])(
  'the recording of "%s" keeps to its bound, and has its panels',
  (name) => {
    const recorded = JSON.parse(
      readFileSync(path.join(site, 'public', recordedFile(name)), 'utf8'),
    ) as Recorded;
    const { figure, curves, epochs }: DemoEntry = demos[name];
    if ('atMost' in figure.bound) expect(recorded.figure).toBeLessThanOrEqual(figure.bound.atMost);
    else expect(recorded.figure).toBeGreaterThanOrEqual(figure.bound.atLeast);
    expect(Object.keys(recorded.curves).sort()).toEqual([...curves].sort());
    for (const values of Object.values(recorded.curves)) expect(values).toHaveLength(epochs);
    expect(recordPanels(toPanels(recorded))).toEqual(recorded.panels);
  },
);
