import { describe, expect, it } from 'vitest';
import { rowsOf } from './rows';
import type { Measurement } from './schema';

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
    training: null,
    error: ms === null ? 'out of luck' : null,
    ...more,
  };
}

describe('rowsOf', () => {
  it('holds the fastest of each engine against the fastest of PyTorch', () => {
    const trained = (testNats: number) => ({
      training: {
        seconds: 1,
        epochs: 2,
        steps: 3,
        fitMsPerStep: null,
        validationNats: 4,
        targetNats: 5,
        secondsToTarget: 0.5,
        testNats,
      },
    });
    const rows = rowsOf([
      measurement('eager', 1, 40),
      measurement('compiled', 1, 10),
      measurement('compiled', 2, 8, trained(96)),
      measurement('pytorch', 1, 20, trained(97)),
      measurement('pytorch', 2, 30),
    ]);
    const peer = {
      model: 'vae',
      batch: 64,
      device: 'cpu',
      peerMs: 20,
      peerThreads: 1,
      peerTestNats: 97,
      peerSampleMs: 20,
    };
    expect(rows).toEqual([
      {
        ...peer,
        engine: 'eager',
        oursMs: 40,
        oursThreads: 1,
        ratio: 0.5,
        oursTestNats: null,
        oursSampleMs: 40,
        roofline: 0.1,
      },
      {
        ...peer,
        engine: 'compiled',
        oursMs: 8,
        oursThreads: 2,
        ratio: 2.5,
        oursTestNats: 96,
        oursSampleMs: 8,
        roofline: 0.5,
      },
    ]);
  });

  it('makes rows of failures, with what is known', () => {
    const rows = rowsOf([
      measurement('eager', 1, 40),
      measurement('compiled', 1, null),
      measurement('pytorch', 1, null),
      measurement('pytorch', 2, null),
    ]);
    expect(rows).toMatchObject([
      { engine: 'eager', oursMs: 40, peerMs: null, ratio: null, error: 'peer: out of luck' },
      { engine: 'compiled', oursMs: null, roofline: null, error: 'out of luck; peer: out of luck' },
    ]);
    expect(rowsOf([measurement('eager', 1, 40)])).toMatchObject([{ error: 'peer: none' }]);
  });

  it('prefers a slow one that works to a fast one that failed', () => {
    const failed = measurement('compiled', 2, 1, { error: 'out of luck' });
    const [row] = rowsOf([failed, measurement('compiled', 1, 9), measurement('pytorch', 1, 9)]);
    expect(row).toMatchObject({ oursThreads: 1, ratio: 1 });
    expect(row).not.toHaveProperty('error');
  });
});
