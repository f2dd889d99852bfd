import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerProcess } from '../src/compare/programs/worker-process';
import { writeDataFiles } from '../src/compare/programs/data-files';
import type { BuildRequest } from '../src/compare/programs/protocol';
import { peerDrivers } from '../src/program-files';
import { loadDataset } from '../src/datasets/datasets';
import { torch } from './found-torch';

const python = 'python' in torch ? torch.python : undefined;
const title = 'the PyTorch peer';

const wholeTitle = python ? title : `${title} (no PyTorch on this machine)`;

// Importing PyTorch takes long on a busy machine.
describe.skipIf(python === undefined)(wholeTitle, { timeout: 120_000 }, () => {
  let folder: string;
  let peer: WorkerProcess;
  let request: BuildRequest;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dgm-peer-'));
    const env = { OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' };
    peer = new WorkerProcess({ command: python!, args: [peerDrivers.PyTorch], env });
    request = {
      model: 'vae',
      batch: 32,
      threads: 1,
      seed: 0,
      quick: true,
      data: await writeDataFiles(await loadDataset('glyphs', { quick: true }), folder),
      training: {
        optimizer: 'adamax',
        learningRate: 1e-3,
        batchSize: 32,
        epochs: 10,
        patience: 5,
        clipNorm: null,
        emaDecay: null,
      },
    };
  });
  afterAll(async () => {
    await peer.close();
    await rm(folder, { recursive: true, force: true });
  });
  const build = (more: Partial<BuildRequest> = {}) => peer.ask('build', { ...request, ...more });

  it('says what it is and which models it has', async () => {
    expect(await peer.ask('about', {})).toMatchObject({
      name: 'pytorch',
      version: expect.stringMatching(/^\d+\.\d+/),
      models: expect.arrayContaining(['vae']),
    });
  });

  it('builds the architecture that is asked for', async () => {
    const layers = (sizes: number[]) =>
      sizes.slice(1).reduce((sum, outputs, index) => sum + outputs * (sizes[index]! + 1), 0);
    const vae = (hidden: number) => layers([64, hidden, hidden, 32]) + layers([16, hidden, hidden, 64 * 17]);
    expect(await build()).toEqual({ parameters: vae(64) });
    expect(await build({ quick: false })).toEqual({ parameters: vae(256) });
    expect(await build({ width: 100 })).toEqual({ parameters: vae(100) });
  });

  it('learns by steps, and says how long they took', async () => {
    await build();
    const first = await peer.ask('steps', { n: 1 });
    const last = await peer.ask('steps', { n: 200 });
    expect(last.loss).toBeLessThan(first.loss - 20);
    expect(last.ms).toBeGreaterThan(0);
  });

  it('takes batches that are larger than the data', async () => {
    await build({ batch: 1024 });
    expect((await peer.ask('steps', { n: 1 })).loss).toBeGreaterThan(0);
  });

  it('trains for the epochs, to a target, or until validation stops improving', async () => {
    await build();
    const whole = await peer.ask('train', { epochs: 4, patience: 5 });
    expect(whole.curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(whole.steps).toBe(4 * 8);
    expect(whole.seconds).toBeGreaterThanOrEqual(whole.curve[3]!.seconds);

    await build();
    const target = whole.curve[1]!.validation;
    // The same seed: the same numbers.
    expect(
      (await peer.ask('train', { epochs: 4, target })).curve.map(({ validation }) => validation),
    ).toEqual(whole.curve.slice(0, 2).map(({ validation }) => validation));
    expect((await peer.ask('train', { epochs: 4, maxSeconds: 1e-9 })).curve).toHaveLength(1);

    const still = { ...request.training!, learningRate: 1e-30 };
    await build({ training: still });
    const stuck = await peer.ask('train', { epochs: 50, patience: 2 });
    expect(stuck.curve).toHaveLength(1 + 3);
  });

  it('evaluates to what a model that knows nothing gives', async () => {
    await build();
    const { nats } = await peer.ask('evaluate', { draws: 2 });
    // 64 pixels of 17 values, each about as likely, and a posterior near the prior.
    expect(Math.abs(nats! - 64 * Math.log(17))).toBeLessThan(10);
  });

  it('draws samples and says how much memory it took', async () => {
    await build();
    const { ms, shape } = await peer.ask('sample', { n: 64, times: 3 });
    expect(shape).toEqual([64, 64]);
    expect(ms.filter((time) => time > 0)).toHaveLength(3);
    const { peakMiB } = await peer.ask('memory', {});
    expect(peakMiB).toBeGreaterThan(20);
    expect(peakMiB).toBeLessThan(2000);
  });

  it('ends with its input, in the middle of its work', async () => {
    const child = spawn(python!, [peerDrivers.PyTorch], {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    const answered = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write(`${JSON.stringify({ cmd: 'build', ...request })}\n`);
    await answered;
    child.stdin.end(`${JSON.stringify({ cmd: 'train', epochs: 1e6 })}\n`);
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  });

  it('answers a failure with its reason, and goes on', async () => {
    await expect(build({ model: 'none' })).rejects.toThrow('no PyTorch peer for the model none');
    await expect(build({ training: { ...request.training!, optimizer: 'lion' } })).rejects.toThrow('lion');
    await expect(peer.ask('roofline', {})).rejects.toThrow('no command roofline');
    expect((await peer.ask('about', {})).name).toBe('pytorch');
  });
});

describe('a worker', () => {
  it('says that its program does not exist', async () => {
    const nobody = new WorkerProcess({ command: 'no-such-program', args: [] });
    await expect(nobody.ask('about', {})).rejects.toThrow('could not be started');
    await nobody.close();
  });

  it('says with which complaint its program ended', async () => {
    const script = 'console.error("out of luck"); process.exit(3)';
    const dying = new WorkerProcess({ command: process.execPath, args: ['-e', script] });
    await expect(dying.ask('about', {})).rejects.toThrow('it ended with status 3: out of luck');
    await expect(dying.ask('about', {})).rejects.toThrow('status 3');
    await dying.close();
  });
});
