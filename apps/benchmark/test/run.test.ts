import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Families } from '../src/families';
import type { Results } from '../src/results/schema';
import { run } from '../src/run/run';
import { pixelFrequencies } from './fixtures/pixel-frequencies';
import { timelessResults } from './timeless';
import type { Experiment, Recipe } from '../src/recipes/shared/recipe';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'dgm-bench-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

const families = (...entries: Recipe[]) => {
  const candidates = entries.map((entry) => ({ entry, package: '@dgm/made-up', version: '0.1.0' }));
  return (broken: Families['broken'] = []) => Promise.resolve({ candidates, broken });
};
/** The model, with a loss that looks at a value on its way, which no graph can. */
function reading(entry: Recipe): Recipe {
  return {
    ...entry,
    create: async (task) => {
      const benchmark = (await entry.create(task)) as Experiment<tf.Tensor>;
      const { model } = benchmark;
      const objectives = model.objectives().map((objective) => ({
        ...objective,
        loss: (...given: Parameters<typeof objective.loss>) => {
          const terms = objective.loss(...given);
          terms.total.dataSync();
          return terms;
        },
      }));
      model.objectives = () => objectives;
      return benchmark as Experiment;
    },
  };
}

const eagerly = (line: string) => [
  ...line.split(' '),
  ...(line.includes('--engine') ? [] : ['--engine', 'eager']),
];
const bench = (line: string, found = families(pixelFrequencies('pixels'))) =>
  run([...eagerly(line), '--device', 'cpu', '--overwrite', '--out', out], () => found());
const text = (name: string) => readFile(path.join(out, name), 'utf8');
const results = async () => JSON.parse(await text('results.json')) as Results;

const timeless = () => timelessResults(out);

describe('dgm-bench run', () => {
  it('writes results, pictures and a report', async () => {
    expect(await bench('--quick --seed 3')).toBe(0);
    const { schema, machine, dataset, runs, ...more } = await results();
    expect({ schema, more }).toEqual({ schema: 1, more: {} });
    expect(Object.keys(machine)).toEqual(['cpu', 'cores', 'memoryGiB', 'platform', 'node', 'tfjs']);
    expect(dataset).toEqual({
      name: 'glyphs',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      train: 256,
      validation: 64,
      test: 64,
      dims: 64,
      values: 17,
    });
    const positive = expect.toSatisfy((value) => typeof value === 'number' && value > 0);
    expect(runs).toEqual([
      {
        model: 'pixels',
        package: '@dgm/made-up',
        version: '0.1.0',
        parameters: 64 * 17,
        batchSize: 64,
        optimizer: 'sgd(learningRate 2)',
        engine: 'eager',
        device: 'cpu',
        seed: 3,
        epochs: 2,
        steps: 8,
        trainSeconds: positive,
        msPerStep: { median: positive, min: positive },
        validation: { nats: positive },
        test: { nats: positive, bitsPerDim: positive, kind: 'exact', standardError: 0 },
        extra: {
          command:
            'npm run bench -- --models pixels --dataset glyphs --engine eager --device cpu --epochs 2 --seed 3 --quick',
          source: 'made for tests',
          stoppedBy: 'epochs',
          bestEpoch: 2,
          reconstructions: 'pixels-reconstructions.png',
          answer: 42,
        },
        samples: 'pixels-samples.png',
        sampleSeconds: positive,
        peakMemoryMiB: positive,
        curve: [1, 2].map((epoch) => ({ epoch, train: positive, validation: positive })),
      },
    ]);
    for (const picture of ['data.png', 'pixels-samples.png', 'pixels-reconstructions.png']) {
      expect((await readFile(path.join(out, picture))).subarray(1, 4).toString(), picture).toBe('PNG');
    }
    expect((await text('report.html')).match(/data:image\/png/g)).toHaveLength(3);
  });

  it('names no folder of this machine', async () => {
    await bench('--quick');
    const content = (await text('results.json')) + (await text('report.html'));
    const folders = [out, process.cwd(), homedir()];
    expect(folders.filter((folder) => content.includes(folder))).toEqual([]);
  });

  it('frees what it has made, also when a model fails', async () => {
    const before = tf.memory().numTensors;
    await bench('--quick', families(pixelFrequencies('pixels'), pixelFrequencies('diverging', 1e38)));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives the same results for the same seed, and others for another', async () => {
    const texts: string[] = [];
    for (const seed of [0, 0, 1]) {
      await bench(`--quick --seed ${seed}`);
      texts.push((await timeless()).replaceAll(/"seed": \d|--seed \d/g, ''));
    }
    expect(texts[1]).toBe(texts[0]);
    expect(texts[2]).not.toBe(texts[0]);
  });

  it('gives a model the same numbers whatever else is trained', async () => {
    const found = families(pixelFrequencies('other'), pixelFrequencies('pixels'));
    await bench('--quick --models pixels', found);
    const alone = (await results()).runs[0]!;
    await bench('--quick', found);
    const [, together] = (await results()).runs;
    expect([together!.curve, together!.test]).toEqual([alone.curve, alone.test]);
  });

  it('goes on when a model fails, and says so in the end', async () => {
    const broken: Recipe = {
      name: 'broken',
      source: 'made for tests',
      isFlagship: true,
      create: () => {
        throw new RangeError('out of luck');
      },
    };
    const found = families(broken, pixelFrequencies('diverging', 1e38), pixelFrequencies('pixels'));
    const missing = { package: '@dgm/missing', error: new SyntaxError('does not load') };
    expect(await bench('--quick', () => found([missing]))).toBe(1);
    const { runs, failures } = await results();
    expect(runs.map(({ model }) => model)).toEqual(['pixels']);
    expect(failures).toEqual([
      { model: '@dgm/missing', package: '@dgm/missing', error: 'SyntaxError: does not load' },
      { model: 'broken', package: '@dgm/made-up', error: 'RangeError: out of luck' },
      {
        model: 'diverging',
        package: '@dgm/made-up',
        error: expect.stringMatching(/^NumericalError: fit: .* step/),
      },
    ]);
    expect(await text('report.html')).toContain('out of luck');
  });

  it.each([
    ['--models vea', '--models to be names of models, flagships or all, got "vea"'],
    ['--dataset glifs', '--dataset to be one of glyphs, digits, binarized-digits, mnist, '],
    ['--engine fast', '--engine to be one of auto, eager, compiled, got "fast"'],
  ])('refuses %s before it touches what is there', async (line, message) => {
    await writeFile(path.join(out, 'results.json'), 'precious');
    await expect(bench(line)).rejects.toThrow(message);
    expect(await text('results.json')).toBe('precious');
  });

  it('keeps the finished results of another run', async () => {
    await writeFile(path.join(out, 'results.json'), 'precious');
    const again = () => run(['--quick', '--out', out], families(pixelFrequencies('pixels')));
    await expect(again()).rejects.toThrow('--overwrite replaces it');
    expect(await text('results.json')).toBe('precious');
  });

  it('trains compiled steps to what the eager engine reaches', async () => {
    expect(await bench('--quick')).toBe(0);
    const [eager] = (await results()).runs;
    expect(await bench('--quick --engine compiled')).toBe(0);
    const [compiled] = (await results()).runs;
    expect(compiled).toMatchObject({ engine: 'compiled', device: 'cpu', steps: eager!.steps });
    expect(compiled!.validation.nats).toBeCloseTo(eager!.validation.nats!, 3);
    expect(compiled!.extra['command']).toContain('--engine compiled');
  });

  it('compiles by itself what can be compiled, trains the rest eagerly, and says which it was', async () => {
    const found = families(reading(pixelFrequencies('reading')), pixelFrequencies('pixels'));
    // The wasm backend copies what a custom gradient saves, which the leak check of IS_TEST takes for a leak.
    tf.env().set('IS_TEST', false);
    expect(await run(['--quick', '--out', out], () => found())).toBe(0);
    tf.env().set('IS_TEST', true);
    const [reader, other] = (await results()).runs;
    expect(other).toMatchObject({ engine: 'compiled', device: 'cpu' });
    expect(reader).toMatchObject({ engine: 'eager', device: expect.stringMatching(/wasm|tensorflow/) });
    expect(reader!.extra.command).toContain('--engine eager');
    expect(other!.extra.command).toContain('--engine compiled');
  });

  it('knows the devices of each engine', async () => {
    const on = (device: string) =>
      run(`--quick --engine compiled --device ${device} --out ${out}`.split(' '), () =>
        families(pixelFrequencies('pixels'))(),
      );
    await expect(on('wasm')).rejects.toThrow('--device to be one of auto, cpu, webgpu, cuda');
  });

  it('passes over a model that cannot learn the data, unless it was asked for', async () => {
    const picky = { ...pixelFrequencies('picky'), accepts: () => false };
    const found = families(picky, pixelFrequencies('pixels'));
    expect(await bench('--quick', found)).toBe(0);
    expect((await results()).runs.map(({ model }) => model)).toEqual(['pixels']);
    await expect(bench('--quick --models picky', found)).rejects.toThrow('that picky can learn');
    await expect(bench('--quick', families(picky))).rejects.toThrow('that any model can learn');
  });
});

describe('dgm-bench run --resume', () => {
  /** Interrupts the program while the model is made. */
  const interrupting = (entry: Recipe): Recipe => ({
    ...entry,
    create: (task) => {
      process.emit('SIGINT');
      return entry.create(task);
    },
  });
  const [first, second] = [pixelFrequencies('first'), pixelFrequencies('second')];

  it('goes on where an interrupt stopped, as if nothing had happened', async () => {
    await bench('--quick', families(first, second));
    const uninterrupted = await timeless();

    expect(await bench('--quick', families(first, interrupting(second)))).toBe(130);
    expect((await results()).runs.map(({ model }) => model)).toEqual(['first']);
    expect(await bench('--resume', families(first, second))).toBe(0);
    expect(await timeless()).toBe(uninterrupted);
  });

  it('tries again what failed, and keeps what succeeded', async () => {
    const failing = { ...first, create: () => Promise.reject(new Error('no')) };
    expect(await bench('--quick', families(failing, second))).toBe(1);
    const [kept] = (await results()).runs;
    expect(await bench('--quick --resume', families(first, second))).toBe(0);
    const { runs, failures } = await results();
    expect(runs.map(({ model }) => model)).toEqual(['first', 'second']);
    expect(runs[1]).toEqual(kept);
    expect(failures).toBeUndefined();
  });

  it('refuses other options than those of the run', async () => {
    await bench('--quick --seed 1');
    await expect(bench('--resume --seed 2')).rejects.toThrow('--seed to be 1');
  });

  it('starts anew where there is nothing to go on with', async () => {
    expect(await bench('--quick --resume')).toBe(0);
    expect((await results()).runs).toHaveLength(1);
  });
});
