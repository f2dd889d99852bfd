import { compiled } from '@dgm/compile';
import {
  adam,
  BaseModule,
  evaluate,
  exactTrace,
  fit,
  Key,
  loadModel,
  modelBytes,
  rungeKutta,
  Sigmoid,
} from '@dgm/core';
import type { Dequantizer } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import * as flows from '../../flows/src/index';
import * as diffusion from '../src/index';
import { GaussianVelocity } from './analytic';
import type { FlowMatching, FlowMatchingOptions } from '../src/index';

const { flowMatching, mlpDenoiser } = diffusion;
const key = Key.of(0);
const LEVELS = 3;

/** Noise that is learned: a small flow on the unit square, given the data. */
const learned = (contextSize = 0): Dequantizer =>
  flows.variationalDequantizer(
    flows.realNvp({
      ...{ dims: 2, contextSize: 2 + contextSize, couplings: 2, hidden: [16] },
      ...{ preprocessing: new Sigmoid(), key: key.fold('noise') },
    }),
    { levels: LEVELS },
  );

const small = (options: Partial<FlowMatchingOptions> = {}): FlowMatching =>
  flowMatching({
    ...{ shape: [2], levels: LEVELS, solver: rungeKutta({ steps: 8 }), trace: exactTrace() },
    network: mlpDenoiser({
      ...{ shape: [2], contextSize: options.contextSize ?? 0, features: 32, blocks: 1, key },
    }),
    ...options,
  });

/** The noise is always u, which is a parameter. */
class PointNoise extends BaseModule implements Dequantizer {
  readonly #u = this.parameter('u', tf.scalar(0));

  constructor(u: number) {
    super();
    tf.tidy(() => this.#u.assign(tf.scalar(u)));
  }

  draw(x: Tensor): { noise: Tensor; logProb: Tensor } {
    return { noise: tf.add(tf.zerosLike(x), this.#u), logProb: tf.zeros([x.shape[0]!]) };
  }
}

describe('noise that is learned', () => {
  it.each(['linear', 'trigonometric'] as const)(
    'has as its loss minus the log-density of the data with it, but for a constant: %s',
    (path) => {
      const [mean, deviation] = [0.4, 0.6];
      const lossAt = (u: number): number =>
        tf.tidy(() => {
          const model = flowMatching({
            ...{ shape: [1], levels: LEVELS, path, dequantization: new PointNoise(u) },
            network: new GaussianVelocity({ mean, deviation, path }),
          });
          const { loss } = model.objectives().find(({ name }) => name === 'dequantization')!;
          const total = loss(tf.ones([20_000, 1]), key, { training: false }).total.dataSync()[0]!;
          model.dispose();
          return total;
        });
      const negativeLogDensity = (u: number): number =>
        0.5 * (((2 * (1 + u)) / LEVELS - 1 - mean) / deviation) ** 2;
      expect(lossAt(0) - lossAt(0.9)).toBeCloseTo(negativeLogDensity(0) - negativeLogDensity(0.9), 1);
    },
  );

  it('comes from uniform noise nearly to the log-probability itself, and loses no mass', () => {
    const [mean, deviation] = [0.3, 0.35];
    const events = Array.from({ length: 9 }, (_, index) => [Math.floor(index / 3), index % 3]);
    /** What the density of the flow has between the ends of a level, by the midpoint rule. */
    const mass = (level: number): number => {
      const [cells, width] = [200, 2 / LEVELS];
      const at = (cell: number) => width * (level + (cell + 0.5) / cells) - 1;
      const density = (z: number) =>
        Math.exp(-0.5 * ((z - mean) / deviation) ** 2) / (deviation * Math.sqrt(2 * Math.PI));
      return Array.from({ length: cells }, (_, cell) => (density(at(cell)) * width) / cells).reduce(
        (a, b) => a + b,
      );
    };
    const exact = events.map((event) => event.reduce((sum, level) => sum + Math.log(mass(level)), 0));
    const flow = (dequantization: 'uniform' | Dequantizer): FlowMatching =>
      small({ dequantization, network: new GaussianVelocity({ mean, deviation }) });
    /** The mean bound over all events, and the mass of all of them by importance weights. */
    const measured = (model: FlowMatching): { bound: number; mass: number } =>
      tf.tidy(() => {
        const draws = 60;
        const bounds = model.elbo(
          tf.tensor2d(events.flatMap((event) => new Array<number[]>(draws).fill(event))),
          key,
        );
        return { bound: tf.mean(bounds).dataSync()[0]!, mass: tf.sum(tf.exp(bounds)).dataSync()[0]! / draws };
      });
    const [uniform, model] = [flow('uniform'), flow(learned())];
    const { loss, parameters } = model.objectives().find(({ name }) => name === 'dequantization')!;
    const optimizer = tf.train.adam(0.02);
    const x = tf.tensor2d(events.flatMap((event) => new Array<number[]>(16).fill(event)));
    for (let step = 0; step < 200; step++)
      optimizer.minimize(() => loss(x, key.fold(step), { training: true }).total, false, [...parameters]);
    const truth = exact.reduce((a, b) => a + b) / 9;
    const [before, after] = [measured(uniform), measured(model)];
    expect(before.bound).toBeLessThan(truth);
    expect(after.bound).toBeLessThan(truth + 0.02);
    expect(truth - after.bound).toBeLessThan((truth - before.bound) / 3);
    expect(after.mass).toBeCloseTo((mass(0) + mass(1) + mass(2)) ** 2, 1);
    optimizer.dispose();
    x.dispose();
    uniform.dispose();
    model.dispose();
  });

  it('learned beside the velocity, has a better bound than uniform noise', async () => {
    const generator = key.generator();
    const rows = Array.from({ length: 300 }, () => {
      const first = generator.below(LEVELS);
      return [first, generator.below(10) === 0 ? generator.below(LEVELS) : first];
    });
    const train = { count: rows.length, shape: [2], values: Int32Array.from(rows.flat()) };
    const bounds: number[] = [];
    for (const dequantization of ['uniform', learned()] as const) {
      const network = mlpDenoiser({ shape: [2], features: 64, blocks: 2, key });
      const model = small({ dequantization, network, timeExponent: 2, solver: rungeKutta({ steps: 12 }) });
      await fit(
        model,
        { train },
        {
          ...{ key, optimizer: adam({ learningRate: 3e-3 }), batchSize: 100, epochs: 300 },
          ...{ engine: compiled(), ema: { decay: 0.98 } },
        },
      );
      const options = { key, numSamples: 2, engine: compiled() };
      const { kind, measure, nats } = await evaluate(model, train, options);
      expect([kind, measure]).toEqual(['lower-bound', 'dequantized']);
      bounds.push(nats);
      model.dispose();
    }
    // 1.71 and 1.59, of an entropy of 1.39.
    expect(bounds[1]).toBeLessThan(bounds[0]! - 0.05);
    expect(bounds[1]).toBeGreaterThan(1.3);
  });

  it('sees the condition, is trained beside the velocity, and goes into files', async () => {
    const model = small({ contextSize: 1, dequantization: learned(1) });
    expect(model.objectives().map(({ name }) => name)).toEqual(['velocity', 'dequantization']);
    expect([...model.parameters().keys()].some((path) => path.startsWith('dequantizer/'))).toBe(true);
    const batch = { x: tf.tensor2d([[0, 2], [1, 1]]), context: tf.tensor2d([[3], [-3]]) }; // prettier-ignore
    const { model: loaded } = await loadModel<FlowMatching>(await modelBytes(model), {
      packages: [diffusion, flows],
    });
    expectNoLeaks(() =>
      tf.tidy(() => {
        expect([...loaded.elbo(batch, key).dataSync()]).toEqual([...model.elbo(batch, key).dataSync()]);
        for (const { loss } of model.objectives())
          expect(Number.isFinite(loss(batch, key, { training: true }).total.dataSync()[0])).toBe(true);
      }),
    );
    tf.dispose(batch);
    model.dispose();
    loaded.dispose();
  });

  it('wants integers, a velocity, and a dequantizer', () => {
    const network = mlpDenoiser({ shape: [2], features: 4, blocks: 1, key });
    const noise = learned();
    const make = (options: object) => () => flowMatching({ shape: [2], network, ...options });
    expect(make({ dequantization: noise })).toThrow('levels');
    expect(make({ levels: LEVELS, dequantization: noise, parameterization: 'levels' })).toThrow(
      'dequantization',
    );
    expect(make({ levels: LEVELS, dequantization: network })).toThrow('variationalDequantizer');
    noise.dispose();
    network.dispose();
  });
});
