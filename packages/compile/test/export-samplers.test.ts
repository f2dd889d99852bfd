import { categoricalHead, inputsOfStep, Key, rungeKutta, runSamplingLoop } from '@dgm/core';
import type { SamplingLoop } from '@dgm/core';
import { relativeError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { convArm } from '../../arm/src/index';
import {
  ancestral,
  ddim,
  flowMatching,
  gaussianDiffusion,
  learnedSchedule,
  mlpDenoiser,
} from '../../diffusion/src/index';
import { compileSampler, exportFunction, exportOnnx, exportSampler } from '../src/index';

const key = Key.of(0);
const ROWS = 3;

async function run(
  file: Uint8Array,
  given: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, ort.Tensor>>> {
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
  const feeds = Object.entries(given).map(([name, x]) => {
    const values = x.dataSync();
    return [
      name,
      x.dtype === 'int32'
        ? new ort.Tensor('int32', Int32Array.from(values), x.shape)
        : new ort.Tensor('float32', Float32Array.from(values), x.shape),
    ];
  });
  const results = await session.run(Object.fromEntries(feeds) as Record<string, ort.Tensor>);
  await session.release();
  return results as Readonly<Record<string, ort.Tensor>>;
}

/** A network whose weights are not 0 where they start. */
function network(contextSize = 0): ReturnType<typeof mlpDenoiser> {
  const made = mlpDenoiser({ shape: [2], contextSize, features: 8, blocks: 1, key });
  tf.tidy(() => {
    for (const [path, variable] of made.parameters())
      variable.assign(tf.add(variable, tf.mul(0.2, key.fold(path).normal(variable.shape))));
  });
  return made;
}

/** What a file says of its inputs, without a reader of its format: JSON between the neighbours of its key. */
function inputsOf(
  file: Uint8Array,
): Readonly<Record<string, { shape: (number | string)[]; values?: number[] }>> {
  const text = new TextDecoder('latin1').decode(file);
  const start = text.indexOf('{', text.indexOf('dgm.inputs'));
  let depth = 0;
  for (let end = start; ; end++) {
    depth += text[end] === '{' ? 1 : text[end] === '}' ? -1 : 0;
    if (depth === 0) return JSON.parse(text.slice(start, end + 1)) as ReturnType<typeof inputsOf>;
  }
}

const values = (x: Tensor): number[] => {
  const read = [...x.dataSync()];
  x.dispose();
  return read;
};

/** The draws of `start` and of each step from the keys that a loop gives them, and the numbers of its steps. */
function noiseOf(
  loop: SamplingLoop,
  { first, each }: { readonly first: (key: Key) => Tensor[]; readonly each: (key: Key) => Tensor[] },
): Record<string, Tensor> {
  return tf.tidy(() => {
    const draws = Array.from({ length: loop.steps }, (_, index) => each(key.fold(index + 1)));
    const perStep = (draws[0] ?? []).map((_, at) => tf.stack(draws.map((ofStep) => ofStep[at]!)));
    const noise = [...first(key.fold(0)), ...perStep].map((x, index) => [`noise/${index}`, x] as const);
    const numbers = Object.entries(loop.perStep ?? {}).map(([name, of]) => [name, tf.tensor1d([...of])]);
    return { ...Object.fromEntries(noise), ...(Object.fromEntries(numbers) as Record<string, Tensor>) };
  });
}

test('one step of a sampler is a file, which serves all steps', async () => {
  const model = gaussianDiffusion({ shape: [2], network: network() });
  const loop = model.samplingLoop(ROWS, { sampler: ddim({ steps: 4 }) });
  const start = loop.start({}, key);
  const file = exportFunction(
    ({ tensors: { z, last, from, to }, key }) => ({
      'z/next': loop.next({ z: z!, last: last! }, { from: from!, to: to! }, key)['z']!,
    }),
    { z: { shape: [ROWS, 2] }, last: { shape: [ROWS, 2] }, from: { shape: [] }, to: { shape: [] } },
    { parameters: model.parameters() },
  );
  let z = start['z']!;
  for (let step = 1; step <= 4; step++) {
    const inputs = inputsOfStep(loop, step);
    const results = await run(file, { z, ...inputs });
    const expected = loop.next({ z, last: start['last']! }, inputs, key);
    expect(relativeError(results['z/next']!.data as Float32Array, expected['z']!.dataSync())).toBeLessThan(
      1e-5,
    );
    tf.dispose([z, inputs, expected['last']!]);
    z = expected['z']!;
  }
  tf.dispose([z, start['last']!]);
  model.dispose();
});

test('a whole sampler is one file with a loop, in which its user chooses the number of steps', async () => {
  const model = flowMatching({ shape: [2], levels: 5, network: network() });
  const file = exportOnnx(model, { method: 'sample', batch: ROWS });
  const twenty = Array.from({ length: 20 }, (_, index) => 1 - index / 20);
  expect(inputsOf(file)).toMatchObject({
    'noise/0': { shape: [ROWS, 2], distribution: 'normal' },
    from: { shape: ['steps'], values: twenty.map((t) => expect.closeTo(t, 12) as number) },
    to: { shape: ['steps'] },
  });
  for (const steps of [20, 5]) {
    const loop = model.samplingLoop(ROWS, { solver: rungeKutta({ steps, order: 1 }) });
    const noise = noiseOf(loop, { first: (key) => [key.normal([ROWS, 2])], each: () => [] });
    const { sample } = await run(file, noise);
    const sampler = await compileSampler(loop);
    expect([...(sample!.data as Float32Array)]).toEqual(values(await sampler.sample(key)));
    sampler.dispose();
    tf.dispose(noise);
  }
  model.dispose();
});

test('a sampler that draws in each step, with guidance, has noise and a condition among its inputs', async () => {
  const model = gaussianDiffusion({
    shape: [2],
    contextSize: 1,
    network: network(1),
    schedule: learnedSchedule(),
  });
  const context = tf.tensor2d([[0], [1], [-1]]);
  const loop = model.samplingLoop(ROWS, { sampler: ancestral({ steps: 4 }), context, guidance: 2 });
  const file = exportSampler(loop, { parameters: model.parameters() });
  const normal = (key: Key): Tensor => key.normal([ROWS, 2]);
  const noise = noiseOf(loop, {
    first: (key) => [normal(key.fold('z')), normal(key.fold('x'))],
    each: (key) => [normal(key)],
  });
  expect(Object.keys(inputsOf(file)).sort()).toEqual([...Object.keys(noise), 'context'].sort());
  expect(inputsOf(file)['noise/2']!.shape).toEqual(['steps', ROWS, 2]);
  const { sample } = await run(file, { ...noise, context });
  const sampler = await compileSampler(loop);
  const expected = values(await sampler.sample(key));
  expect(relativeError(sample!.data as Float32Array, expected)).toBeLessThan(1e-5);
  sampler.dispose();
  tf.dispose([noise, context]);
  model.dispose();
});

test('an autoregressive model is a file with as many steps as it has entries', async () => {
  const likelihood = categoricalHead({ shape: [], levels: 3 });
  const model = convArm({ shape: [5], likelihood, key });
  const file = exportOnnx(model, { method: 'sample', batch: ROWS });
  const inputs = inputsOf(file);
  expect(Object.values(inputs).map(({ shape }) => shape[0])).toContain(4);
  const loop = model.samplingLoop(ROWS);
  const noise = tf.tidy(() =>
    Object.fromEntries(
      Object.entries(inputs).map(([name, { shape }]) => {
        const ofSteps = shape[0] === 4;
        const draw = (step: number): Tensor =>
          key.fold(step).uniform((ofSteps ? shape.slice(1) : shape) as number[]);
        return [name, ofSteps ? tf.stack([1, 2, 3, 4].map(draw)) : draw(0)];
      }),
    ),
  );
  const { sample } = await run(file, noise);
  expect([...(sample!.data as Float32Array)]).toEqual(values(runSamplingLoop(loop, key)));
  tf.dispose(noise);
  model.dispose();
});

test('a loop without draws or numbers counts its steps itself, and one without further steps has none', async () => {
  const doubled = (steps: number): SamplingLoop => ({
    steps,
    inputs: {},
    start: (_, key) => ({ x: key.uniform([2]), unread: tf.zeros([1]) }),
    next: ({ x, unread }) => ({ x: tf.mul(x!, 2), unread: tf.clone(unread!) }),
    finish: ({ x }) => tf.neg(x!),
  });
  const x = key.uniform([2]);
  for (const [steps, factor] of [
    [3, -8],
    [0, -1],
  ] as const) {
    const { sample } = await run(exportSampler(doubled(steps)), { 'noise/0': x });
    expect([...(sample!.data as Float32Array)]).toEqual([...x.dataSync()].map((value) => factor * value));
  }
  x.dispose();
  expect(() => exportSampler(undefined as never)).toThrow('to be a sampling loop');
});
