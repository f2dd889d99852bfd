import { hasKlDivergence, Independent, Key, klDivergence, linearAnnealing, Mixture, Normal } from '@dgm/core';
import '@dgm/testing';
import { meanAndError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Scalar } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { linearVae, points } from '../../test/support/linear-model';
import type { Vae } from '../vae';
import { elboObjective } from './elbo-objective';
import { iwaeObjective } from './iwae-objective';
import type { VaeObjective } from './objective';

const [SHIFT, x] = [0.4, points()];

/** The terms of a training loss. */
function terms(model: Vae, { seed = 0, step = 1, training = true } = {}): Record<string, number> {
  return tf.tidy(() => {
    const loss = model.objectives()[0]!.loss(x, Key.of(seed), {
      training,
      ...(training ? { step: tf.scalar(step) } : {}),
    });
    return Object.fromEntries(Object.entries(loss).map(([name, term]) => [name, term.dataSync()[0]!]));
  });
}

/** The gradients of the encoder's bias, two means and two log-variances, and of the decoder's, under each key. */
function gradients(model: Vae, seeds: number): number[][] {
  const [objective] = model.objectives();
  const biases = [...model.parameters()].filter(([path]) => path.endsWith('bias')).map(([, bias]) => bias);
  return Array.from({ length: seeds }, (_, seed) =>
    tf.tidy(() => {
      const { grads } = tf.variableGrads(
        () => objective!.loss(x, Key.of(seed), { training: true }).total,
        biases,
      ) as { grads: NamedTensorMap };
      return biases.flatMap(({ name }) => [...grads[name]!.dataSync()]);
    }),
  );
}

const using = (objective: VaeObjective, posteriorShift = SHIFT) => linearVae({ posteriorShift, objective });

/** Each column of a is on average the same as that of b. */
function expectSameMean(a: number[][], b: number[][]): void {
  a[0]!.forEach((_, column) => {
    const { mean, standardError } = meanAndError(a.map((row, i) => row[column]! - b[i]![column]!));
    expect(Math.abs(mean)).toBeLessThan(4 * standardError + 1e-6);
  });
}

describe('elboObjective', () => {
  test('is minus the bound, and the default objective of a VAE', () => {
    const [plain, model] = [linearVae({ posteriorShift: SHIFT }), using(elboObjective())];
    expect(terms(model)).toEqual(terms(plain));
    const bound = tf.tidy(() => -tf.mean(model.elbo(x, Key.of(0))).dataSync()[0]!);
    expect(terms(model)['total']).toBeCloseTo(bound, 5);
    plain.dispose();
    model.dispose();
  });

  test('weighs the regularizer, by a number or by the step', () => {
    const beta = using(elboObjective({ weight: 4 }));
    const { total, reconstruction, regularizer } = terms(beta) as Record<string, number>;
    expect(total).toBeCloseTo(reconstruction! + 4 * regularizer!, 4);
    const annealed = using(elboObjective({ weight: linearAnnealing({ steps: 10 }) }));
    const at = (options: object) => terms(annealed, options)['total'];
    expect(at({ step: 1 })).toBeCloseTo(reconstruction!, 4);
    expect(at({ step: 6 })).toBeCloseTo(reconstruction! + 0.5 * regularizer!, 4);
    expect(at({ step: 50 })).toBeCloseTo(reconstruction! + regularizer!, 4);
    expect(at({ training: false })).toBeCloseTo(reconstruction! + regularizer!, 4);
    beta.dispose();
    annealed.dispose();
  });

  test('lets each group hold some bits for free, in training', () => {
    const perVariable = tf.tidy(() => {
      const model = linearVae({ posteriorShift: SHIFT });
      const [q, p] = [model.encode(x), model.prior()] as unknown as {
        base: Parameters<typeof klDivergence>[0];
      }[];
      expect(hasKlDivergence(q!.base, p!.base)).toBe(true);
      const values = [...tf.mean(klDivergence(q!.base, p!.base), 0).dataSync()];
      model.dispose();
      return values;
    });
    const [low, high] = perVariable.sort((a, b) => a - b) as [number, number];
    const nats = (low + high) / 2;
    const price = (freeBits: Parameters<typeof elboObjective>[0] & object, training = true) => {
      const model = using(elboObjective(freeBits));
      const { total, reconstruction } = terms(model, { training }) as Record<string, number>;
      model.dispose();
      return total! - reconstruction!;
    };
    expect(price({ freeBits: { nats, groups: 'single' } })).toBeCloseTo(nats + high, 4);
    expect(price({ freeBits: { nats, groups: 2 } })).toBeCloseTo(nats + high, 4);
    expect(price({ freeBits: { nats, groups: 1 } })).toBeCloseTo(low + high, 4);
    expect(price({ freeBits: { nats: 100, groups: 'whole' } })).toBeCloseTo(100, 3);
    expect(price({ freeBits: { nats: 100, groups: 'whole' } }, false)).toBeCloseTo(low + high, 4);
    expect(() => price({ freeBits: { nats, groups: 3 } })).toThrow('to divide the 2 latent variables, got 3');
  });

  test('asks for whole groups where the prior ties the variables together', () => {
    const prior = new Mixture([0], new Independent(new Normal(0, 1, { shape: [1, 2] }), 1));
    const model = linearVae({ prior, objective: elboObjective({ freeBits: { nats: 1, groups: 'single' } }) });
    expect(() => terms(model)).toThrow("use groups: 'whole'");
    model.dispose();
  });

  test('along the path there is no noise at the true posterior, and no bias elsewhere', () => {
    const path = elboObjective({ gradient: 'path' });
    const [exact, shifted] = [using(path, 0), using(path)];
    const total = using(elboObjective({ regularizer: 'monte-carlo' }));
    const ofEncoder = (rows: number[][]) => rows.map((row) => row.slice(0, 4));
    expect(Math.max(...ofEncoder(gradients(exact, 5)).flat().map(Math.abs))).toBeLessThan(1e-4);
    expect(Math.max(...ofEncoder(gradients(total, 5)).flat().map(Math.abs))).toBeGreaterThan(0.05);
    expectSameMean(gradients(shifted, 300), gradients(total, 300));
    for (const model of [exact, shifted, total]) model.dispose();
  });
});

describe('iwaeObjective', () => {
  const loss = (objective: VaeObjective, key: Key): number =>
    tf.tidy(() => {
      const model = using(objective);
      const { total } = model.objectives()[0]!.loss(tf.tile(x, [300, 1]), key, { training: true });
      model.dispose();
      return (total as Scalar).dataSync()[0]!;
    });

  test('falls towards minus the log-likelihood as K grows', () => {
    const losses = [1, 5, 50].map((numSamples) => loss(iwaeObjective({ numSamples }), Key.of(1)));
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
  });

  test('has one value with either gradient, and one expectation of the gradient', () => {
    const options = { numSamples: 4, gradient: 'doubly-reparameterized' } as const;
    expect(loss(iwaeObjective(options), Key.of(2))).toBeCloseTo(
      loss(iwaeObjective({ numSamples: 4 }), Key.of(2)),
      4,
    );
    const [total, doubly] = [using(iwaeObjective({ numSamples: 4 })), using(iwaeObjective(options))];
    expectSameMean(gradients(total, 300), gradients(doubly, 300));
    total.dispose();
    doubly.dispose();
  });

  test('doubly reparameterized there is no noise for the encoder at the true posterior', () => {
    const model = using(iwaeObjective({ numSamples: 3, gradient: 'doubly-reparameterized' }), 0);
    const ofEncoder = gradients(model, 5).map((row) => row.slice(0, 4));
    expect(Math.max(...ofEncoder.flat().map(Math.abs))).toBeLessThan(1e-4);
    model.dispose();
  });

  test('refuses a number of draws that is none', () => {
    expect(() => iwaeObjective({ numSamples: 0 })).toThrow(
      'expected numSamples to be an integer of at least 1, got 0',
    );
  });
});
