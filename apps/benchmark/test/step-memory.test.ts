import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Key } from '@dgm/core';
import { dataset } from '@dgm/data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeDataFiles } from '../src/compare/programs/data-files';
import type { DataFiles } from '../src/compare/programs/protocol';
import { WorkerProcess } from '../src/compare/programs/worker-process';
import { workerArguments } from '../src/program-files';

let folder: string;
let data: DataFiles;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dgm-memory-'));
  const generator = Key.of(0).generator();
  const bits = (count: number) => ({
    count,
    shape: [784],
    values: Uint8Array.from({ length: 784 * count }, () => Number(generator.uniform() < 0.2)),
  });
  const parts = { train: bits(16), validation: bits(1), test: bits(1) };
  data = await writeDataFiles(dataset({ name: 'bits', levels: 2, ...parts }), folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(['arm-gated-pixelcnn', 'vdm-unet'])(
  'a compiled step of %s at 28x28 takes less than half of what all its results would',
  async (model) => {
    const args = [...workerArguments, 'compiled', 'cpu'];
    const worker = new WorkerProcess({ command: process.execPath, args });
    try {
      const peaks: number[] = [];
      // The first loads the libraries, and makes the programs.
      for (const batch of [1, 16]) {
        await worker.ask('build', { model, batch, threads: 1, seed: 0, quick: true, data });
        await worker.ask('steps', { n: 2 });
        peaks.push((await worker.ask('memory', {})).peakMiB);
      }
      const { resultsMiB } = await worker.ask('roofline', {});
      expect(peaks[1]! - peaks[0]!).toBeLessThan(0.5 * resultsMiB);
    } finally {
      await worker.close();
    }
  },
  60_000,
);
