import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import type { GenerativeModel, Objective } from '../model/generative-model';
import { BaseModule } from '../model/module';
import { Key } from '../random/key';
import { eager } from './eager';
import { ModelStep } from './model-step';
import { sgd } from './sgd';

/** Two players with one weight each: the first wants to be at the batch's mean, the second at the first. */
class Pursuit extends BaseModule implements GenerativeModel {
  readonly eventShape = [];
  readonly likelihoodKind = 'none';
  readonly first = this.parameter('first', tf.scalar(0));
  readonly second = this.parameter('second', tf.scalar(1));

  constructor(readonly stranger?: Variable) {
    super();
  }

  sample(_key: Key, n: number): Tensor {
    return tf.zeros([n]);
  }

  objectives(): readonly Objective[] {
    const halfSquare = (a: Tensor, b: Tensor): { total: Scalar } => ({
      total: tf.tidy(() => tf.mul(0.5, tf.square(tf.sub(a, b))) as Scalar),
    });
    return [
      {
        name: 'lead',
        parameters: [this.stranger ?? this.first],
        loss: (x) => halfSquare(this.first, tf.mean(x)),
      },
      { name: 'follow', parameters: [this.second], loss: () => halfSquare(this.second, this.first) },
    ];
  }
}

const optimizer = sgd({ learningRate: 0.5 });

describe('ModelStep on the eager engine', () => {
  it('frees the slots of the first optimizer if the second cannot be made', () => {
    const model = new Pursuit();
    const broken = {
      ...optimizer,
      create() {
        throw new Error('no slots');
      },
    };
    const momentum = sgd({ learningRate: 0.5, momentum: 0.9 });
    expectNoLeaks(() =>
      expect(() => new ModelStep(model, { optimizer: { lead: momentum, follow: broken } })).toThrow(
        'no slots',
      ),
    );
    model.dispose();
  });

  it('plays the objectives in order, each on its own variables, and reports their terms', async () => {
    const before = tf.memory().numTensors;
    const model = new Pursuit();
    const program = new ModelStep(model, { optimizer, ema: { decay: 0.5 } });
    const step = await eager().prepare(program);
    const batch = tf.tensor1d([3, 5]);
    await step.run({ batch, key: Key.of(0), learningRates: { lead: 0.5, follow: 0.5 }, step: 1 });
    // first: 0 + 0.5 (4 - 0) = 2; second then sees it: 1 + 0.5 (2 - 1) = 1.5.
    expect([model.first.dataSync()[0], model.second.dataSync()[0]]).toEqual([2, 1.5]);
    expect(await step.drain()).toEqual([{ 'lead/total': 8, 'follow/total': 0.5 }]);
    expect(await step.drain()).toEqual([]);
    expect(program.state.get('average/first')!.dataSync()[0]).toBe(1);
    expect([...program.state.keys()]).toEqual(
      expect.arrayContaining(['model/first', 'model/second', 'average/second']),
    );
    for (const each of [step, program, program, model, batch]) each.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('tells an objective the number of the step', async () => {
    const model = new Pursuit();
    const [objective] = model.objectives();
    model.objectives = () => [
      {
        ...objective!,
        loss: (_x, _key, { training, step }) => ({
          total: tf.mul(model.first, step!),
          step: tf.clone(step!),
          training: tf.scalar(Number(training)),
        }),
      },
    ];
    const program = new ModelStep(model, { optimizer });
    const step = await eager().prepare(program);
    const batch = tf.tensor1d([3]);
    for (const number of [1, 2])
      await step.run({ batch, key: Key.of(0), learningRates: { lead: 0.5 }, step: number });
    expect(await step.drain()).toEqual([
      { 'lead/total': 0, 'lead/step': 1, 'lead/training': 1 },
      { 'lead/total': -1, 'lead/step': 2, 'lead/training': 1 },
    ]);
    for (const each of [step, program, model, batch]) each.dispose();
  });

  it('refuses an objective over a variable that the model does not list', () => {
    const stranger = tf.tidy(() => tf.variable(tf.scalar(0)));
    const model = new Pursuit(stranger);
    expectNoLeaks(() => {
      expect(() => new ModelStep(model, { optimizer })).toThrow(
        expect.toSatisfy((error) => DgmError.is(error, 'argument')),
      );
    });
    model.dispose();
    stranger.dispose();
  });

  it('refuses optimizers by name of which one is missing', () => {
    const model = new Pursuit();
    const call = (): unknown => new ModelStep(model, { optimizer: { lead: optimizer } });
    expect(call).toThrow(/an entry for the objective "follow", got entries for lead/);
    model.dispose();
  });
});
