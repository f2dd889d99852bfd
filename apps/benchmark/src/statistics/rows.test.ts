import { describe, expect, it } from 'vitest';
import { rowsOf } from './rows';
import type { Measurement } from '../results/comparison';

function measurement(
  engine: string,
  threads: number,
  ms: number | null,
  more: Partial<Measurement> = {},
): Measurement {
  return {
    model: 'vae',
    batch: 64,
    width: null,
    engine,
    device: 'cpu',
    threads,
    parameters: 10,
    msPerStep: ms === null ? null : { median: ms, min: ms, windows: 3 },
    sampleMs: ms,
    peakMemoryMiB: 100,
    roofline: { multiplyAddsPerStep: 4000, peakMultiplyAddsPerMs: 1000 },
    trainings: [],
    error: ms === null ? 'out of luck' : null,
    ...more,
  };
}

/** What a program reached with each seed. */
function trained(nats: Readonly<Record<number, number | null>>): Pick<Measurement, 'trainings'> {
  return {
    trainings: Object.entries(nats).map(([seed, testNats]) => ({
      seed: Number(seed),
      seconds: 1,
      epochs: 2,
      steps: 3,
      fitMsPerStep: null,
      validationNats: 4,
      targetNats: 5,
      secondsToTarget: 0.5,
      testNats,
    })),
  };
}

describe('rowsOf', () => {
  it('holds one thread against one, and the fastest of each engine against the fastest of PyTorch', () => {
    const rows = rowsOf([
      measurement('eager', 1, 40),
      measurement('compiled', 1, 10),
      measurement('compiled', 2, 8, trained({ 0: 96 })),
      measurement('pytorch', 1, 20),
      measurement('pytorch', 2, 30, { operatorThreads: 2 }),
      measurement('pytorch', 2, 10, { operatorThreads: 1, ...trained({ 0: 97 }) }),
    ]);
    const sds = { oursTestNatsSd: null, peerTestNatsSd: null };
    const row = { model: 'vae', batch: 64, device: 'cpu', peerTestNats: 97, ...sds, seeds: 1 };
    const one = {
      ...row,
      setting: 'one-thread',
      peer: 'pytorch',
      oursThreads: 1,
      peerMs: 20,
      peerThreads: 1,
      peerSampleMs: 20,
    };
    const best = {
      ...row,
      setting: 'fastest',
      peer: 'pytorch',
      peerMs: 10,
      peerThreads: 2,
      peerSampleMs: 10,
    };
    const eager = { engine: 'eager', oursMs: 40, oursTestNats: null, oursSampleMs: 40, roofline: 0.1 };
    const compiled = { engine: 'compiled', oursTestNats: 96 };
    expect(rows).toEqual([
      { ...one, ...eager, ratio: 0.5 },
      { ...one, ...compiled, oursMs: 10, oursSampleMs: 10, ratio: 2, roofline: 0.4 },
      { ...best, ...eager, oursThreads: 1, ratio: 0.25 },
      { ...best, ...compiled, oursMs: 8, oursThreads: 2, oursSampleMs: 8, ratio: 1.25, roofline: 0.5 },
    ]);
  });

  it('makes rows of failures, with what is known', () => {
    const rows = rowsOf([
      measurement('eager', 1, 40),
      measurement('compiled', 1, null),
      measurement('pytorch', 1, null),
      measurement('pytorch', 2, null),
    ]);
    const expected = [
      { engine: 'eager', oursMs: 40, peerMs: null, ratio: null, error: 'peer: out of luck' },
      { engine: 'compiled', oursMs: null, roofline: null, error: 'out of luck; peer: out of luck' },
    ];
    expect(rows).toMatchObject([...expected, ...expected]);
    expect(rowsOf([measurement('eager', 1, 40)])).toMatchObject([{ error: 'peer: none' }]);
  });

  it('names the fastest of several peers, whose failures count only where all fail', () => {
    const peers = [
      measurement('pytorch', 1, 20),
      measurement('pytorch-fused', 1, null, { error: 'PyTorch has no fused adamax' }),
      measurement('jax', 1, 15),
    ];
    const [row] = rowsOf([measurement('compiled', 1, 10), ...peers]);
    expect(row).toMatchObject({ peer: 'jax', peerMs: 15, ratio: 1.5 });
    expect(row).not.toHaveProperty('error');
  });

  it('prefers a slow one that works to a fast one that failed', () => {
    const failed = measurement('compiled', 2, 1, { error: 'out of luck' });
    const [, row] = rowsOf([failed, measurement('compiled', 1, 9), measurement('pytorch', 1, 9)]);
    expect(row).toMatchObject({ oursThreads: 1, ratio: 1 });
    expect(row).not.toHaveProperty('error');
  });

  it('takes the mean and the deviation over the seeds that both sides have', () => {
    const ours = measurement('compiled', 1, null, { ...trained({ 0: 90, 1: 92, 2: 94 }), error: null });
    const quality = (nats: Parameters<typeof trained>[0]) =>
      rowsOf([ours, measurement('pytorch', 1, null, { ...trained(nats), error: null })])[0];
    const none = { oursMs: null, peerMs: null, ratio: null, oursSampleMs: null, peerSampleMs: null };
    expect(quality({ 0: 91, 1: 91, 2: 94 })).toMatchObject({
      ...none,
      oursTestNats: 92,
      oursTestNatsSd: 2,
      peerTestNats: 92,
      peerTestNatsSd: 1.73,
      seeds: 3,
    });
    expect(quality({ 0: 91, 2: 91 })).toMatchObject({
      oursTestNats: 92,
      oursTestNatsSd: 2.83,
      peerTestNatsSd: 0,
      seeds: 2,
    });
    expect(quality({})).toMatchObject({ oursTestNats: 92, peerTestNats: null, seeds: 3 });
    expect(quality({ 0: 91, 1: null, 2: 94 })).toMatchObject({ peerTestNats: null, peerTestNatsSd: null });
  });

  it('tells the devices of an engine apart, and holds no GPU against a processor', () => {
    const gpu = (engine: string, ms: number) => measurement(engine, 2, ms, { device: 'cuda' });
    const rows = rowsOf([
      measurement('compiled', 1, 10),
      gpu('compiled', 1),
      measurement('pytorch', 1, 20),
      gpu('pytorch', 4),
    ]);
    const short = rows.map(({ device, setting, ratio }) => [device, setting, ratio]);
    expect(short).toEqual([
      ['cpu', 'one-thread', 2],
      ['cpu', 'fastest', 2],
      ['cuda', 'fastest', 4],
    ]);
  });
});
