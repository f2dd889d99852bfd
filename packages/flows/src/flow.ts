import { BaseModule, formatShape, sameShape, ShapeError, standardNormal, trainable } from '@dgm/core';
import type {
  ConditionalDistribution,
  Distribution,
  Key,
  LikelihoodModel,
  Objective,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { hasParameters, type FlowBase } from './base/flow-base';
import { Chain, type ChainPart } from './chain';
import { FlowDistribution } from './flow-distribution';
import type { FlowCall } from './flow-layer';
import { forPart } from './internal/events';

export interface FlowOptions {
  /** From latent to data, in the order of drawing; the flow owns them. */
  readonly layers: readonly ChainPart[];
  /** $\pi(z)$, fixed or learned; the standard normal over the latents unless given. */
  readonly base?: Distribution | ConditionalDistribution;
  /** The shape of one event, where no layer knows it. */
  readonly eventShape?: Shape;
  /** Where the model was published. */
  readonly source?: string;
}

/**
 * A flow-based model: an invertible map from a base distribution to the data, with an exact likelihood.
 *
 * @throws ShapeError if the base's event is not what the layers start from
 * @see DGM §3.1, and §3.2 for integers
 *
 * @example
 * ```ts
 * const model = flow({ layers: [coupling, Permutation.reverse(2), otherCoupling] });
 * ```
 */
export function flow(options: FlowOptions): Flow {
  return new Flow(options);
}

/**
 * What {@link flow} makes. `logProb` and `sample` serve unconditional use. `given(context)` is the distribution of the
 * data, so that a flow also serves as a prior, a posterior or a conditional density.
 */
export class Flow extends BaseModule implements LikelihoodModel, ConditionalDistribution {
  readonly likelihoodKind = 'exact';
  readonly eventShape: Shape;
  readonly source: string | undefined;
  readonly #map: Chain;
  readonly #base: Distribution | FlowBase;

  constructor({ layers, base, eventShape, source }: FlowOptions) {
    super();
    this.#map = this.child('map', new Chain(layers, eventShape === undefined ? {} : { eventShape }));
    this.eventShape = this.#map.eventShape;
    this.source = source;
    this.#base = base ?? standardNormal(this.#map.latentShape);
    if (hasParameters(this.#base)) this.child('base', this.#base);
    else checkBase(this.#base, this.#map.latentShape);
  }

  /**
   * $p(x | \text{context})$, or $p(x)$ without one. It borrows the context and the model's parameters.
   * @param context - `[n, features]`; then the distribution has a batch of n
   * @param call - `training` and a `key`, for layers that want them
   */
  given(context?: Tensor, call: Omit<FlowCall, 'context'> = {}): FlowDistribution {
    const base = hasParameters(this.#base) ? this.#base.given(context, forPart(call, 'base')) : this.#base;
    return new FlowDistribution(base, this.#map, context === undefined ? call : { ...call, context });
  }

  /** Exact log-likelihood of each example in nats, `[n]`; `x` is `[n, ...event]`. */
  logProb(x: Tensor): Tensor {
    return tf.tidy(() => this.given().logProb(x));
  }

  /** `[n, ...event]`. */
  sample(key: Key, n: number): Tensor {
    return tf.tidy(() => this.given().sample(key, [n]));
  }

  /** The latents of data: $z = f^{-1}(x)$, `[n, ...latent]`. */
  encode(x: Tensor, context?: Tensor): Tensor {
    return tf.tidy(() => this.#map.inverseAndLogDet(x, context === undefined ? {} : { context }).z);
  }

  /** The data of latents: $x = f(z)$, `[n, ...event]`. */
  decode(z: Tensor, context?: Tensor): Tensor {
    return tf.tidy(() => this.#map.forwardAndLogDet(z, context === undefined ? {} : { context }).y);
  }

  /**
   * Starts the layers that start from data (activation normalization) from a batch of it, those of a base that is a flow
   * as well; the others stay as they are. Call it before training, if there are any. It does nothing the second time, but that
   * batch normalization measures its moments anew.
   */
  initialize(x: Tensor, call: FlowCall = {}): void {
    tf.tidy(() => {
      const { z } = this.#map.initialize(x, call);
      if (hasParameters(this.#base)) this.#base.initialize?.(z, forPart(call, 'base'));
    });
  }

  /** One objective: minus the log-likelihood in nats per example. */
  objectives(): readonly Objective[] {
    return [
      {
        name: 'nll',
        parameters: [...trainable(this).values()],
        loss: (x, key, { training }) =>
          tf.tidy(() => ({
            total: tf.neg(tf.mean<Scalar>(this.given(undefined, { training, key }).logProb(x))),
          })),
      },
    ];
  }
}

function checkBase(base: Distribution, latentShape: Shape): void {
  if (sameShape(base.eventShape, latentShape) && base.batchShape.length === 0) return;
  throw new ShapeError({
    where: 'flow',
    argument: 'base',
    expected: `with an event of shape ${formatShape(latentShape)} and no batch`,
    actual: `event ${formatShape(base.eventShape)}, batch ${formatShape(base.batchShape)}`,
    remedy: 'wrap it in Independent, or give the layers another shape',
  });
}
