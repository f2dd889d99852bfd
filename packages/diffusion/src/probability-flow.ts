import {
  BaseModule,
  checkContext,
  checkInteger,
  checkKey,
  checkMethods,
  checkOptions,
  checkShape,
  disposeOnThrow,
  hutchinsonTrace,
  rungeKutta,
  sizeOf,
} from '@dgm/core';
import type {
  BoundModel,
  ConditionedBatch,
  Key,
  Objective,
  OdeSolver,
  OdeState,
  SampleOptions,
  SamplingLoop,
  Shape,
  TimeInterval,
  Trace,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { GaussianDiffusion } from './gaussian-diffusion';
import { checkedBatch, checkLevels } from './checks';
import { isFixedStep, odeDensityLoop, odeLogDensity, type OdeDensityOptions } from './ode-density';
import { record } from './record';
import { sumOverEvent } from './rows';
import { noiseLevel } from './schedule';

export interface ProbabilityFlowOptions {
  /** A diffusion model, trained or not. The flow owns it. */
  readonly diffusion: GaussianDiffusion;
  /** Solves the ODE, in the time of the schedule. @defaultValue `rungeKutta({ steps: 30 })` */
  readonly solver?: OdeSolver;
  /** The trace of the Jacobian in the likelihood. @defaultValue `hutchinsonTrace()` */
  readonly trace?: Trace;
}

/**
 * The probability-flow ODE of a diffusion model: a deterministic way between data and noise that has the marginals of the
 * diffusion,
 *
 * $$\frac{dz}{dt} = \tfrac12 \gamma'(t)\, \alpha_t\, (\alpha_t z - \hat x(z, t))$$
 *
 * It has a likelihood of its own, which differs from the bound of the diffusion:
 *
 * $$\ln p(x) \ge \mathbb E_{q(z_0 | x)} [\ln p(z_0) + \ln p(x | z_0) - \ln q(z_0 | x)]$$
 *
 * with $\ln p(z_0)$ by the change of variables along the ODE, up to the error of the solver. It is a bound on the probability
 * of discrete data themselves, without uniform noise.
 *
 * @throws ArgumentError for an option that is unknown, or no diffusion
 * @see Score-Based Generative Modeling through Stochastic Differential Equations (Song et al., 2021), Eq. 13 and 39
 * @example
 * ```ts
 * const network = mlpDenoiser({ shape: [64], outputs: 17, key });
 * const diffusion = gaussianDiffusion({ shape: [64], levels: 17, network });
 * const flow = probabilityFlow({ diffusion, solver: rungeKutta({ steps: 60 }) });
 * const { nats } = await evaluate(flow, data.test, { key, numSamples: 2 });
 * ```
 */
export function probabilityFlow(options: ProbabilityFlowOptions): ProbabilityFlow {
  return record(
    disposeOnThrow(() => new ProbabilityFlow(options)),
    'probabilityFlow',
    arguments,
  );
}

const OPTIONS = ['diffusion', 'solver', 'trace'] as const satisfies readonly (keyof ProbabilityFlowOptions)[];

/** Made by {@link probabilityFlow}. */
export class ProbabilityFlow
  extends BaseModule
  implements BoundModel<Tensor | ConditionedBatch, Tensor | ConditionedBatch>
{
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number | undefined;
  readonly contextSize: number;
  /** `elbo` as a loop over the steps of the solver; absent where that is adaptive. */
  readonly elboLoop?: (batch: Tensor | ConditionedBatch) => SamplingLoop;
  readonly diffusion: GaussianDiffusion;
  readonly #solver: OdeSolver;
  readonly #trace: Trace;

  constructor(options: ProbabilityFlowOptions) {
    super();
    checkOptions('probabilityFlow', options, OPTIONS);
    const { diffusion, solver = rungeKutta({ steps: 30 }), trace = hutchinsonTrace() } = options;
    checkMethods('probabilityFlow', 'diffusion', diffusion, {
      methods: ['denoise', 'diffuse', 'logLikelihood'],
      expected: 'to be a model such as gaussianDiffusion()',
    });
    this.diffusion = this.child('diffusion', diffusion);
    this.eventShape = diffusion.eventShape;
    this.levels = diffusion.levels;
    this.contextSize = diffusion.contextSize;
    checkMethods('probabilityFlow', 'solver', solver, {
      methods: ['solve'],
      expected: 'to be a solver such as rungeKutta()',
    });
    checkMethods('probabilityFlow', 'trace', trace, {
      methods: ['of'],
      expected: 'to be a trace such as exactTrace()',
    });
    this.#solver = solver;
    this.#trace = trace;
    if (isFixedStep(solver)) this.elboLoop = (batch) => odeDensityLoop(this.#density(batch, solver));
  }

  /**
   * One draw of the bound for each example in nats, `[n]`.
   * @param batch - `[n, ...shape]`, or `{ x, context }` for a conditional model
   */
  elbo(batch: Tensor | ConditionedBatch, key: Key): Tensor {
    const density = this.#density(batch, this.#solver);
    checkLevels('ProbabilityFlow.elbo', density.inputs['x']!, this.levels, key);
    return odeLogDensity(density, key);
  }

  /**
   * The noise $z_1$ that the ODE takes examples to, `[n, ...shape]`. What is random is $z_0$, the examples with the least noise.
   * @param batch - `[n, ...shape]`, or `{ x, context }` for a conditional model
   */
  encode(batch: Tensor | ConditionedBatch, key: Key): Tensor {
    const { x, context } = checkedBatch('ProbabilityFlow.encode', batch, this);
    checkLevels('ProbabilityFlow.encode', x, this.levels, key);
    return tf.tidy(() => {
      const z = this.diffusion.diffuse(x, tf.zeros([x.shape[0]!]), key.normal(x.shape));
      return this.#solve(z, { from: 0, to: 1 }, context);
    });
  }

  /**
   * The examples that the ODE takes noise to, `[n, ...shape]`, the way back of {@link encode}.
   * @param noise - $z_1$, `[n, ...shape]`
   * @param key - decides the draw of $p(x | z_0)$
   */
  decode(noise: Tensor, key: Key, { context }: SampleOptions = {}): Tensor {
    const where = 'ProbabilityFlow.decode';
    checkShape(where, 'noise', noise, ['n', ...this.eventShape]);
    checkContext(where, context, { rows: noise.shape[0]!, contextSize: this.contextSize });
    return tf.tidy(() => this.diffusion.decode(this.#solve(noise, { from: 1, to: 0 }, context), key));
  }

  /** Draws `[n, ...shape]`: decoded noise. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkKey('ProbabilityFlow.sample', key);
    checkOptions('ProbabilityFlow.sample', options, ['context']);
    checkInteger('ProbabilityFlow.sample', 'n', n, { min: 0 });
    return tf.tidy(() =>
      this.decode(key.fold('noise').normal([n, ...this.eventShape]), key.fold('x'), options),
    );
  }

  /** Those of the diffusion. */
  objectives(): readonly Objective<Tensor | ConditionedBatch>[] {
    return this.diffusion.objectives();
  }

  #density<S extends OdeSolver>(
    batch: Tensor | ConditionedBatch,
    solver: S,
  ): OdeDensityOptions & { readonly solver: S } {
    const { x, context } = checkedBatch('ProbabilityFlow.elbo', batch, this);
    return {
      inputs: { x, ...(context && { context }) },
      start: ({ x }, key) => {
        const noise = key.fold('z0').normal(x!.shape);
        const z = this.diffusion.diffuse(x!, tf.zeros([x!.shape[0]!]), noise);
        return { z, offset: tf.sub(this.diffusion.logLikelihood(x!, z), this.#logFirstNoise(noise)) };
      },
      field: (t, z, { context }) => this.#slope(z, t, context),
      interval: { from: 0, to: 1 },
      solver,
      trace: this.#trace,
    };
  }

  /** $\ln q(z_0 | x)$ for $z_0 = \alpha_0 x + \sigma_0 \epsilon$: a normal density of the deviation $\sigma_0$. */
  #logFirstNoise(noise: Tensor): Tensor {
    const { sigma } = noiseLevel(this.diffusion.schedule.gamma(tf.scalar(0)));
    const size = sizeOf(this.eventShape);
    const squares = sumOverEvent(tf.square(noise));
    const logScale = tf.add(tf.log(sigma), 0.5 * Math.log(2 * Math.PI));
    return tf.neg(tf.add(tf.mul(0.5, squares), tf.mul(size, logScale)));
  }

  #solve(start: Tensor, interval: TimeInterval, context: Tensor | undefined): Tensor {
    const field = (t: Scalar, [z]: OdeState): OdeState => [this.#slope(z!, t, context)];
    return this.#solver.solve(field, [start], interval)[0]!;
  }

  /** $\tfrac12 \gamma'(t)\, \alpha_t\, (\alpha_t z - \hat x(z, t))$ */
  #slope(z: Tensor, t: Scalar, context: Tensor | undefined): Tensor {
    const { diffusion } = this;
    const xHat = diffusion.denoise(z, tf.mul(t, tf.ones([z.shape[0]!])), context && { context });
    const { alpha } = noiseLevel(diffusion.schedule.gamma(t));
    const rate = tf.mul(tf.mul(0.5, diffusion.schedule.slope(t)), alpha);
    return tf.mul(rate, tf.sub(tf.mul(alpha, z), xHat));
  }
}
