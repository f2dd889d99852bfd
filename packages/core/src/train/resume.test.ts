import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DgmError,
  Key,
  adam,
  constantSchedule,
  fit,
  memoryStore,
  readSafetensors,
  saveWeights,
  writeSafetensors,
  type CheckpointStore,
  type Examples,
  type Objective,
  type Schedule,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interruptible } from '../../test/support/interruptible';
import { TinyVae, gaussianExamples } from '../../test/support/models';

const CHECKPOINT = /^checkpoint-\d{12}\.safetensors$/;

/** Trains until `lastStep` is taken, or to the end. */
async function train(store?: CheckpointStore, lastStep = Infinity, everySteps?: number) {
  const { model, data, options } = interruptible();
  const controller = new AbortController();
  const result = await fit(model, data, {
    ...options,
    signal: controller.signal,
    callbacks: [{ onStep: ({ step }) => void (step >= lastStep && controller.abort()) }],
    ...(store && { checkpoint: { store, ...(everySteps && { everySteps }) } }),
  });
  const weights = await saveWeights(model);
  model.dispose();
  return { weights, curve: result.curve, best: result.best, result };
}

/** A store whose files can be spoilt. */
function fragileStore() {
  const store = memoryStore();
  const spoil = async (index: number, change: (bytes: Uint8Array) => Uint8Array) => {
    const name = [...(await store.list())].sort().at(index)!;
    await store.write(name, change(await store.read(name)));
  };
  return { ...store, spoil };
}

const flipped = (bytes: Uint8Array) =>
  bytes.map((byte, index) => (index === bytes.length - 5 ? byte ^ 1 : byte));
const cut = (bytes: Uint8Array) => bytes.slice(0, -100);

async function failure(action: () => Promise<unknown>): Promise<DgmError> {
  const error: unknown = await action().then(
    () => expect.fail('expected an error'),
    (thrown: unknown) => thrown,
  );
  if (!DgmError.is(error)) throw error;
  return error;
}

describe('interrupted and resumed training', () => {
  let whole: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    whole = await train();
  });

  // Four steps make an epoch: 1, 2 and 3 lie inside one, 4 and 8 at an end.
  it.each([1, 2, 3, 4, 7, 8, 15])(
    'equals uninterrupted training when stopped after step %i',
    async (lastStep) => {
      const store = memoryStore();
      const first = await train(store, lastStep);
      expect(first.result).toMatchObject({ stoppedBy: 'aborted', steps: lastStep });
      const second = await train(store);
      expect(second.weights).toEqual(whole.weights);
      expect(second.curve).toEqual(whole.curve);
      expect(second.best).toEqual(whole.best);
    },
  );

  it('equals uninterrupted training when stopped after every single step', async () => {
    const store = memoryStore();
    let last = await train(store, 0);
    for (let run = 0; last.result.stoppedBy === 'aborted' && run < 30; run++) last = await train(store, 0);
    expect(last.weights).toEqual(whole.weights);
    expect(last.curve).toEqual(whole.curve);
  });

  it('has nothing left to do when it was finished', async () => {
    const store = memoryStore();
    await train(store);
    const again = await train(store);
    expect(again.weights).toEqual(whole.weights);
    expect(again.result.msPerStep).toEqual({ median: 0, min: 0 });
  });

  it('keeps the last two checkpoints', async () => {
    const store = memoryStore();
    await train(store, 9, 2);
    expect([...(await store.list())].sort()).toEqual([
      'checkpoint-000000000008.safetensors',
      'checkpoint-000000000009.safetensors',
    ]);
  });

  it.each([
    ['damaged', flipped],
    ['truncated', cut],
    ['empty', () => new Uint8Array()],
  ])('falls back to the checkpoint before a %s one', async (_, change) => {
    const store = fragileStore();
    await train(store, 9, 2);
    await store.spoil(-1, change);
    const { model, data, options } = interruptible();
    const heard: string[] = [];
    const resumedAt: number[] = [];
    const { warnings } = await fit(model, data, {
      ...options,
      checkpoint: { store },
      callbacks: [
        {
          onStart: (plan) => void resumedAt.push(plan.resumedAt),
          onWarning: (message) => void heard.push(message),
        },
      ],
    });
    expect(warnings).toHaveLength(1);
    expect(heard).toEqual(warnings);
    expect(warnings[0]).toContain('checkpoint-000000000009');
    expect(resumedAt).toEqual([8]);
    expect(await saveWeights(model)).toEqual(whole.weights);
  });

  it('refuses to start anew when all checkpoints are damaged, and leaves them alone', async () => {
    const store = fragileStore();
    await train(store, 9, 2);
    await store.spoil(-1, flipped);
    await store.spoil(-2, cut);
    const { model, data, options } = interruptible();
    const before = tf.memory().numTensors;
    const error = await failure(() => fit(model, data, { ...options, checkpoint: { store } }));
    expect(error).toMatchObject({ code: 'serialization', argument: 'checkpoint.store' });
    expect(await store.list()).toHaveLength(2);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a checkpoint of another model', async () => {
    const store = memoryStore();
    await train(store, 5);
    const { options } = interruptible();
    const wider = { train: gaussianExamples(Key.of(0), 5, 4), validation: gaussianExamples(Key.of(1), 5, 4) };
    const other = new TinyVae({ dims: 4, key: Key.of(0) });
    const error = await failure(() => fit(other, wider, { ...options, checkpoint: { store } }));
    expect(error).toMatchObject({
      code: 'serialization',
      argument: 'model/decoder',
      actual: 'float32 [1, 3]',
    });
    expect(error.message).toContain('float32 [1, 4]');
  });

  it.each([
    ['batchSize', { batchSize: 8 }],
    ['optimizer', { optimizer: adam() }],
    ['key', { key: Key.of(1) }],
    ['clipNorm', { clipNorm: 2 }],
    ['ema', { ema: { decay: 0.5 } }],
  ])('refuses to go on with another %s', async (name, change) => {
    const store = memoryStore();
    await train(store, 5);
    const { model, data, options } = interruptible();
    const before = await saveWeights(model);
    const error = await failure(() => fit(model, data, { ...options, ...change, checkpoint: { store } }));
    expect(error).toMatchObject({ code: 'serialization', argument: `${name} of the checkpoint` });
    expect(await saveWeights(model)).toEqual(before);
  });

  it('refuses to go on with other data', async () => {
    const store = memoryStore();
    await train(store, 5);
    const { model, data, options } = interruptible();
    const other = { ...data, train: gaussianExamples(Key.of(0), 50) };
    const error = await failure(() => fit(model, other, { ...options, checkpoint: { store } }));
    expect(error).toMatchObject({ code: 'serialization', argument: 'train of the checkpoint' });
  });

  it.each<[string, (data: { train: Examples }) => object]>([
    ['labels', () => ({ labels: new Int32Array(50) })],
    ['weights', () => ({ weights: new Float32Array(50).fill(1) })],
  ])('refuses to go on with other %s', async (_, more) => {
    const store = memoryStore();
    const { model, data, options } = interruptible();
    const labels = Int32Array.from({ length: 50 }, (_row, row) => row % 3);
    const weights = Float32Array.from({ length: 50 }, (_row, row) => 1 + (row % 3));
    const labelled = { ...data, train: { ...data.train, labels, weights } };
    await fit(model, labelled, { ...options, epochs: 1, checkpoint: { store } });
    const other = { ...data, train: { ...labelled.train, ...more(data) } };
    const error = await failure(() => fit(model, other, { ...options, checkpoint: { store } }));
    expect(error).toMatchObject({ code: 'serialization', argument: 'train of the checkpoint' });
  });

  it('refuses to go on with another schedule of the learning rate', async () => {
    const store = memoryStore();
    const { model, data, options } = interruptible();
    const run = (rate: Schedule, epochs: number) => {
      const optimizer = adam({ learningRate: rate });
      return fit(model, data, { ...options, optimizer, epochs, checkpoint: { store } });
    };
    await run(constantSchedule(1e-2), 1);
    expect((await failure(() => run(constantSchedule(1e-7), 2))).argument).toBe(
      'optimizer of the checkpoint',
    );
    expect((await run(() => 1e-2, 2)).epochs).toBe(2);
  });

  it.each<[string, (loss: Scalar) => Scalar]>([
    ['another weight of a term', (loss) => tf.mul(loss, 9)],
    ['another activation', (loss) => tf.softplus(loss)],
  ])('refuses to go on with %s, and leaves the model as it was', async (_, change) => {
    const store = memoryStore();
    await train(store, 5);
    const { model, data, options } = interruptible();
    const [objective] = model.objectives();
    const loss = (...parameters: Parameters<Objective['loss']>) => ({
      total: tf.tidy(() => change(objective!.loss(...parameters).total)),
    });
    model.objectives = () => [{ ...objective!, loss }];
    const before = await saveWeights(model);
    const error = await failure(() => fit(model, data, { ...options, checkpoint: { store } }));
    expect(error).toMatchObject({
      code: 'serialization',
      argument: 'the objective "elbo" of the checkpoint',
    });
    expect(await saveWeights(model)).toEqual(before);
  });

  const changes: [string, (metadata: Record<string, string>) => Record<string, string>][] = [
    ['no state', ({ state: _, ...rest }) => rest],
    ['a state that is null', (metadata) => ({ ...metadata, state: 'null' })],
    ['a state that is no JSON', (metadata) => ({ ...metadata, state: '{' })],
    ['no description of the run', ({ run: _, ...rest }) => rest],
    ['a description that is a list', (metadata) => ({ ...metadata, run: '[]' })],
    ['a billion epochs', (metadata) => ({ ...metadata, state: changedState(metadata, { epoch: 1e9 }) })],
    ['a billion batches', (metadata) => ({ ...metadata, state: changedState(metadata, { batch: 1e9 }) })],
    ['half a step', (metadata) => ({ ...metadata, state: changedState(metadata, { step: 0.5 }) })],
  ];
  const changedState = ({ state }: Record<string, string>, change: object): string =>
    JSON.stringify({ ...(JSON.parse(state!) as object), ...change });

  it.each(changes)('skips a checkpoint with %s, whose checksum is right', async (_, change) => {
    const store = fragileStore();
    await train(store, 5);
    const rewrite = (bytes: Uint8Array) => {
      const { tensors, metadata } = readSafetensors(bytes);
      return writeSafetensors({ tensors, metadata: change({ ...metadata }) });
    };
    await store.spoil(-1, rewrite);
    const { result, weights } = await train(store);
    expect(result.warnings).toEqual([expect.stringContaining('skipped a damaged checkpoint')]);
    expect(weights).toEqual(whole.weights);
  });

  it('skips a checkpoint whose weights are not finite', async () => {
    const store = fragileStore();
    await train(store, 5);
    await store.spoil(-1, (bytes) => {
      const { tensors, metadata } = readSafetensors(bytes);
      const decoder = { ...tensors.get('model/decoder')!, values: new Float32Array(3).fill(NaN) };
      return writeSafetensors({ tensors: new Map([...tensors, ['model/decoder', decoder]]), metadata });
    });
    expect((await train(store)).weights).toEqual(whole.weights);
  });
});

describe('a training process', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const script = join(root, '.test-results', 'training-child.mjs');
  let folder: string;
  let whole: Buffer;

  /** Starts the process, sends a signal when it prints `when`, and waits for its end. */
  function run(
    store: string,
    { signal, when }: { signal?: NodeJS.Signals; when?: string } = {},
  ): Promise<string> {
    const child = spawn(process.execPath, [script, join(folder, store), join(folder, `${store}.weights`)]);
    let printed = '';
    child.stderr.on('data', (text) => (printed += String(text)));
    child.stdout.on('data', (text) => {
      printed += String(text);
      if (signal && printed.includes(`${when}\n`)) child.kill(signal);
    });
    return new Promise((resolve) => child.on('close', () => resolve(printed)));
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dgm-resume-'));
    await build({
      entryPoints: [join(root, 'test/support/training-child.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['@tensorflow/*', 'cli-progress'],
      alias: { '@dgm/core/node': join(root, 'src/node.ts'), '@dgm/core': join(root, 'src/index.ts') },
    });
    expect(await run('uninterrupted')).toContain('stopped by epochs');
    whole = await readFile(join(folder, 'uninterrupted.weights'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(['ready', 'step 6'])('may be killed after "%s" and started again', async (when) => {
    const store = `killed after ${when}`;
    expect(await run(store, { signal: 'SIGKILL', when })).not.toContain('stopped by');
    expect(await run(store)).toContain('stopped by epochs');
    expect((await readFile(join(folder, `${store}.weights`))).equals(whole)).toBe(true);
    const left = await readdir(join(folder, store));
    expect(left.every((name) => CHECKPOINT.test(name))).toBe(true);
  });

  it('finishes its step and writes a checkpoint on SIGINT', async () => {
    expect(await run('interrupted', { signal: 'SIGINT', when: 'step 5' })).toContain('stopped by aborted');
    expect(await run('interrupted')).toContain('stopped by epochs');
    expect((await readFile(join(folder, 'interrupted.weights'))).equals(whole)).toBe(true);
  });
});
