import { ArgumentError, BaseModule, formatShape, sameShape, ShapeError, trainable } from '@dgm/core';
import type { BoundModel, Key, Objective, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Flow } from '../flow';
import type { FlowCall } from '../flow-layer';
import { uniformDequantizer, type Dequantizer } from './dequantizer';

export interface DequantizedOptions {
  /** A density over $[0, \text{levels})^D$; what lies outside of it is lost. */
  readonly flow: Flow;
  /** The number of values of an entry: 0 to `levels - 1`. */
  readonly levels: number;
  /** Uniform noise unless given. */
  readonly dequantizer?: Dequantizer;
}

/**
 * A flow for integers: $P(x) = \int_{[0,1)^D} p(x + u)\, du$ with a density p, trained through the bound
 *
 * $$\ln P(x) \ge \mathbb{E}_{u \sim q(u|x)}[\ln p(x + u) - \ln q(u|x)]$$
 *
 * It owns the flow and the dequantizer.
 * @throws ArgumentError if `levels` is not an integer of at least 2
 * @see DGM §3.1.5; Flow++ (Ho et al., 2019), Eq. 4
 */
export function dequantized(options: DequantizedOptions): DequantizedFlow {
  return new DequantizedFlow(options);
}

/** What {@link dequantized} makes. */
export class DequantizedFlow extends BaseModule implements BoundModel {
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: Shape;
  readonly levels: number;
  readonly source: string | undefined;
  readonly #flow: Flow;
  readonly #dequantizer: Dequantizer;

  constructor({ flow, levels, dequantizer = uniformDequantizer() }: DequantizedOptions) {
    super();
    if (!(Number.isInteger(levels) && levels >= 2)) {
      throw new ArgumentError({
        where: 'dequantized',
        argument: 'levels',
        expected: 'to be an integer of at least 2',
        actual: String(levels),
      });
    }
    this.#flow = this.child('flow', flow);
    this.#dequantizer = this.child('dequantizer', dequantizer);
    this.eventShape = flow.eventShape;
    this.levels = levels;
    this.source = flow.source;
  }

  /**
   * The bound with one draw of the noise, in nats, `[n]`.
   * @param x - integers 0 to `levels - 1`, `[n, ...event]`
   */
  elbo(x: Tensor, key: Key): Tensor {
    return this.#bound(x, key, [], {});
  }

  /** Log importance weights $\ln p(x + u_k) - \ln q(u_k|x)$ in nats, `[K, n]`: the log of their mean estimates $\ln P(x)$. */
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor {
    return this.#bound(x, key, [numSamples], {});
  }

  /** Draws of the flow, rounded down to the value of their cell; what lies outside goes to the edges. `[n, ...event]`. */
  sample(key: Key, n: number): Tensor {
    return tf.tidy(() => tf.clipByValue(tf.floor(this.#flow.sample(key, n)), 0, this.levels - 1));
  }

  /** Starts the layers that start from data from a batch of integers, as {@link Flow.initialize} does. */
  initialize(x: Tensor, key: Key): void {
    this.#check(x, 'initialize');
    tf.tidy(() => this.#flow.initialize(tf.add(x, this.#dequantizer.draw(x, key).noise)));
  }

  /** One objective: minus the bound in nats per example. */
  objectives(): readonly Objective[] {
    return [
      {
        name: 'elbo',
        parameters: [...trainable(this).values()],
        loss: (x, key, { training }) =>
          tf.tidy(() => {
            const bound = this.#bound(x, key.fold('noise'), [], { training, key: key.fold('layers') });
            return { total: tf.neg(tf.mean<Scalar>(bound)) };
          }),
      },
    ];
  }

  #bound(x: Tensor, key: Key, sampleShape: Shape, call: FlowCall): Tensor {
    this.#check(x, 'elbo');
    return tf.tidy(() => {
      const { noise, logProb } = this.#dequantizer.draw(x, key, sampleShape);
      return tf.sub(this.#flow.given(undefined, call).logProb(tf.add(x, noise)), logProb);
    });
  }

  #check(x: Tensor, method: string): void {
    if (x.rank > 0 && sameShape(x.shape.slice(1), this.eventShape)) return;
    throw new ShapeError({
      where: `DequantizedFlow.${method}`,
      argument: 'x',
      expected: `of shape ${formatShape(['n', ...this.eventShape])}`,
      actual: formatShape(x.shape),
    });
  }
}
