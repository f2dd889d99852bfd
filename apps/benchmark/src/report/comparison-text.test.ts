import { describe, expect, it } from 'vitest';
import { madeUpComparison } from '../../test/fixtures/comparison';
import { comparisonTable, describeRow } from './comparison-text';

const { rows } = madeUpComparison();
const [first, second] = rows as readonly [(typeof rows)[number], (typeof rows)[number]];
const trainedOnly = {
  oursMs: null,
  peerMs: null,
  ratio: null,
  oursSampleMs: null,
  peerSampleMs: null,
  roofline: null,
};
const timedOnly = {
  oursTestNats: null,
  peerTestNats: null,
  oursTestNatsSd: null,
  peerTestNatsSd: null,
  seeds: 0,
};

describe('the table of a comparison', () => {
  it('has times, nats over the seeds, and what these say', () => {
    const [header, , ...lines] = comparisonTable({ rows: [first, second] }).split('\n');
    expect(header!.trim().split(/ {2,}/)).toEqual(
      'model,engine,threads,batch,ours ms,peer,peer ms,ratio,nats,peer nats,quality,64 ms,peer,roofline'.split(
        ',',
      ),
    );
    expect(lines[0]).toMatch(/^vae +eager .* 96\.67 ± 0\.40 +96\.67 ± 0\.40 +equal /);
    expect(lines[1]).toMatch(/^vae +compiled .* 93\.17 ± 0\.40 +96\.67 ± 0\.40 +better /);
  });

  it('leaves out what nothing was measured for', () => {
    const header = (more: object) => comparisonTable({ rows: [{ ...first, ...more }] }).split('\n')[0]!;
    expect(header(trainedOnly).trim().split(/ {2,}/)).toEqual(
      'model,engine,threads,batch,peer,nats,peer nats,quality'.split(','),
    );
    expect(header(timedOnly)).not.toMatch('nats');
  });
});

describe('a row in one line', () => {
  it('says what was measured, and what went wrong', () => {
    const times = '31.20 against 4.70 ms a step of pytorch, ratio 0.15';
    const nats = '96.67 ± 0.40 against 96.67 ± 0.40 nats';
    expect(describeRow(first)).toBe(`eager, one thread: ${times}; ${nats}`);
    expect(describeRow({ ...first, ...timedOnly })).toBe(`eager, one thread: ${times}`);
    expect(describeRow({ ...first, ...trainedOnly })).toBe(`eager, one thread: ${nats}`);
    expect(describeRow({ ...first, ...trainedOnly, ...timedOnly, error: 'out of luck' })).toBe(
      'eager, one thread: – against – ms a step of pytorch, ratio – (out of luck)',
    );
  });
});
