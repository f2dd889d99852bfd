import { DgmError, eager, Key } from '@dgm/core';
import type { Engine, StepProgram } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import * as web from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { auto, compiled } from '../src/index';
import { smallStep, totals } from './support/small-step';

/** Takes steps on an engine; gives losses and the weights at the end. */
async function train(engine: Engine) {
  const small = await smallStep(engine);
  await small.take(3);
  const terms = totals(await small.step.drain());
  await small.step.sync();
  const values = small.values();
  small.dispose();
  return { terms, values };
}

/** Counts to the batch's mean: a step that reads a value once `reads` says so, as data-dependent control flow does. */
function reading(reads: () => boolean): StepProgram<Tensor> & { readonly total: tf.Variable<tf.Rank.R0> } {
  const total = tf.tidy(() => tf.variable(tf.scalar(0)));
  return {
    total,
    state: new Map([['total', total]]),
    run: ({ batch }) =>
      tf.tidy(() => {
        const mean = tf.mean<Scalar>(batch);
        if (reads()) mean.dataSync();
        total.assign(tf.add(total, mean));
        return { 'sum/total': tf.clone(total) };
      }),
  };
}

const feed = (batch: Tensor, step: number) => ({ batch, key: Key.of(step), learningRates: {}, step });

describe('auto', () => {
  test('compiles where that works, in silence', async () => {
    const lines: string[] = [];
    const automatic = await train(auto({ onReport: (line) => lines.push(line) }));
    expect(automatic).toEqual(await train(compiled()));
    expect(lines).toEqual([]);
  });

  test('is eager without the device, and says so in one line', async () => {
    const lines: string[] = [];
    const engine = auto({ runtime: web, device: 'cuda', onReport: (line) => lines.push(line) });
    expect(await train(engine)).toEqual(await train(eager()));
    expect(lines).toEqual([expect.stringMatching(/^Training runs eagerly\. .*"cuda"[^\n]*$/)]);
  });

  test('is eager where a value is read', async () => {
    const lines: string[] = [];
    const program = reading(() => true);
    const batch = tf.tensor1d([1, 3]);
    const step = await auto({ onReport: (line) => lines.push(line) }).prepare(program);
    await step.run(feed(batch, 1));
    await step.run(feed(batch, 2));
    expect(await step.drain()).toEqual([{ 'sum/total': 2 }, { 'sum/total': 4 }]);
    expect(lines).toEqual([expect.stringContaining('the result of Mean')]);
    step.dispose();
    tf.dispose([batch, program.total]);
  });

  test('goes on eagerly from the state of the compiled steps', async () => {
    let reads = false;
    const program = reading(() => reads);
    const [pair, triple] = [tf.tensor1d([1, 3]), tf.tensor1d([1, 2, 6])];
    const step = await auto({ onReport: () => undefined }).prepare(program);
    await step.run(feed(pair, 1));
    // Another shape is another capture.
    reads = true;
    await step.run(feed(triple, 2));
    await step.run(feed(pair, 3));
    expect((await step.drain()).map((terms) => terms['sum/total'])).toEqual([2, 5, 7]);
    await step.sync();
    expect(program.total.dataSync()[0]).toBe(7);
    step.dispose();
    tf.dispose([pair, triple, program.total]);
  });

  test('measures eagerly where a value is read, and says so in one line', async () => {
    const lines: string[] = [];
    const measure = (batch: Tensor): Tensor => tf.mul(batch, tf.max(batch).dataSync()[0]!);
    const engine = auto({ onReport: (line, what) => lines.push(`${what}: ${line}`) });
    const prepared = await engine.prepareFunction(measure);
    const batch = tf.tensor1d([1, 3]);
    for (let call = 0; call < 2; call++) {
      expect([...(await prepared.run(batch, Key.of(0)))]).toEqual([3, 9]);
    }
    expect(lines).toEqual([expect.stringMatching(/^measuring: Measuring runs eagerly\. .*Max[^\n]*$/)]);
    prepared.dispose();
    batch.dispose();
  });

  test('passes on what the model throws', async () => {
    const small = await smallStep(auto());
    const wrong = tf.zeros([2, 4]);
    const error: unknown = await small.step
      .run({ batch: wrong, key: Key.of(0), learningRates: { denoise: 1 }, step: 1 })
      .catch((thrown: unknown) => thrown);
    expect(DgmError.is(error, 'shape')).toBe(true);
    small.dispose();
    wrong.dispose();
  });
});
