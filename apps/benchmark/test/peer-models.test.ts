import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { countParameters, Key, setup } from '@dgm/core';
import type { Dataset } from '@dgm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerProcess } from '../src/compare/programs/worker-process';
import { writeDataFiles } from '../src/compare/programs/data-files';
import { findLibrary } from '../src/compare/programs/python';
import { describeTraining } from '../src/compare/programs/training-protocol';
import { discoverFamilies } from '../src/families';
import { peerDrivers } from '../src/program-files';
import { loadDataset } from '../src/datasets/datasets';
import { thresholded } from '../src/datasets/thresholded';
import type { PeerLibrary } from '../src/results/comparison';
import { torch } from './found-torch';

interface Learning {
  readonly name: string;
  readonly shape: readonly number[];
  /** How many of our models have a peer that learns it, at least. */
  readonly models: number;
  /** Those whose peers learn other data. */
  readonly ofOtherData?: RegExp;
}

const libraries: readonly { readonly library: PeerLibrary; readonly tasks: readonly Learning[] }[] = [
  {
    library: 'PyTorch',
    tasks: [
      { name: 'glyphs', shape: [64], models: 55 },
      // Many peers have a likelihood of more values.
      {
        name: 'bits',
        shape: [64],
        models: 7,
        ofOtherData: /^(?!(vae|arm-(made|nade|gated-pixelcnn)|vdm-unet|rbm|rbm-cd25)$)/,
      },
      {
        name: 'two-moons',
        shape: [2],
        models: 3,
        ofOtherData: /^(residual-flow|cnf|ddgm|vdm|flow-matching|gan-.*|infogan|presgan|density-network)$/,
      },
    ],
  },
  { library: 'JAX', tasks: [{ name: 'glyphs', shape: [64], models: 12 }] },
];

/** Their loss is no measure of what they have learned: two players, or a difference of energies. */
const ADVERSARIAL = /^(gan-|infogan$|presgan$|jem$|rbm$|rbm-cd25$)/;

/** A small data set by name; `bits` is the glyphs as ink or none. */
async function learnable(name: string): Promise<Dataset> {
  if (name !== 'bits') return loadDataset(name, { quick: true });
  return thresholded(await loadDataset('glyphs', { quick: true }), name);
}

for (const { library, tasks } of libraries) {
  const interpreter = library === 'PyTorch' ? torch : await findLibrary(library);
  const python = 'python' in interpreter ? interpreter.python : undefined;
  const title = `the models of ${library}`;

  describe.skipIf(python === undefined)(
    python ? title : `${title} (no ${library} on this machine)`,
    { timeout: 240_000 },
    () => {
      let folder: string;
      let peer: WorkerProcess;
      let names: readonly string[];
      beforeAll(async () => {
        await setup({ backend: 'cpu' });
        folder = await mkdtemp(path.join(tmpdir(), 'dgm-peer-'));
        const env = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' };
        peer = new WorkerProcess({ command: python!, args: [peerDrivers[library]], env });
        names = (await peer.ask('about', {})).models;
      }, 120_000);
      afterAll(async () => {
        await peer.close();
        await rm(folder, { recursive: true, force: true });
      });

      it.each(tasks)(
        'are as large as ours, and learn $name',
        async ({ name, models, shape, ofOtherData }) => {
          const dataset = await learnable(name);
          const data = await writeDataFiles(dataset, folder);
          const { candidates } = await discoverFamilies();
          const peers = names.filter((each) => !ofOtherData?.test(each));
          const able = candidates.filter(
            ({ entry }) => peers.includes(entry.name) && (entry.accepts?.(dataset) ?? true),
          );
          expect(able.length).toBeGreaterThanOrEqual(models);
          for (const { entry } of able) {
            for (const quick of [false, true]) {
              const ours = await entry.create({ dataset, key: Key.of(0), quick });
              const training = describeTraining(ours.training);
              const request = { model: entry.name, batch: 64, threads: 1, seed: 0, quick, data, training };
              const built = await peer.ask('build', request);
              expect(built, entry.name).toEqual({ parameters: countParameters(ours.model) });
              ours.model.dispose();
            }
            const { loss } = await peer.ask('steps', { n: 1 });
            const { loss: later } = await peer.ask('steps', { n: 15 });
            if (ADVERSARIAL.test(entry.name)) expect(Number.isFinite(later), entry.name).toBe(true);
            else expect(later, entry.name).toBeLessThan(loss);
            const drawn = await peer.ask('sample', { n: 3, times: 1 });
            expect(drawn.shape, entry.name).toEqual([3, ...shape]);
          }
        },
      );

      it('are named as ours', async () => {
        const { candidates } = await discoverFamilies();
        const ours = candidates.map(({ entry }) => entry.name);
        expect(names.filter((name) => !ours.includes(name))).toEqual([]);
      });
    },
  );
}
