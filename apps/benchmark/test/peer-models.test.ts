import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { countParameters, Key, setup, type Benchmark, type Dataset } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Contestant } from '../src/compare/contestant';
import { writeDataFiles } from '../src/compare/data-files';
import type { DataFiles } from '../src/compare/protocol';
import { findTorch } from '../src/compare/python';
import { describeTraining } from '../src/compare/training-protocol';
import { discoverInstalled } from '../src/families';
import { peerDriver } from '../src/places';
import { loadDataset } from '../src/run/datasets';

const torch = await findTorch();
const python = 'python' in torch ? torch.python : undefined;
const title = 'the models of PyTorch';

describe.skipIf(python === undefined)(
  python ? title : `${title} (no PyTorch on this machine)`,
  { timeout: 240_000 },
  () => {
    let folder: string;
    let peer: Contestant;
    let data: DataFiles;
    let dataset: Dataset;
    let names: readonly string[];
    beforeAll(async () => {
      await setup({ backend: 'cpu' });
      folder = await mkdtemp(path.join(tmpdir(), 'dgm-peer-'));
      dataset = await loadDataset('glyphs', { quick: true });
      data = await writeDataFiles(dataset, folder);
      const env = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' };
      peer = new Contestant({ command: python!, args: [peerDriver], env });
      names = (await peer.ask('about', {})).models;
    }, 120_000);
    afterAll(async () => {
      await peer.close();
      await rm(folder, { recursive: true, force: true });
    });

    it('are as large as ours, and learn', async () => {
      const { candidates } = await discoverInstalled();
      const able = candidates.filter(
        ({ entry }) => names.includes(entry.name) && (entry.accepts?.(dataset) ?? true),
      );
      expect(able.length).toBeGreaterThan(15);
      for (const { entry } of able) {
        for (const quick of [false, true]) {
          const ours = (await entry.create({ dataset, key: Key.of(0), quick })) as Benchmark<Tensor>;
          const training = describeTraining(ours.training);
          const request = { model: entry.name, batch: 64, threads: 1, seed: 0, quick, data, training };
          const built = await peer.ask('build', request);
          expect(built, entry.name).toEqual({ parameters: countParameters(ours.model) });
          ours.model.dispose();
        }
        const { loss } = await peer.ask('steps', { n: 1 });
        const { loss: later } = await peer.ask('steps', { n: 15 });
        expect(later, entry.name).toBeLessThan(loss);
        expect((await peer.ask('sample', { n: 3, times: 1 })).shape, entry.name).toEqual([3, 64]);
      }
    });

    it('are named as ours', async () => {
      const { candidates } = await discoverInstalled();
      const ours = candidates.map(({ entry }) => entry.name);
      expect(names.filter((name) => !ours.includes(name))).toEqual([]);
    });
  },
);
