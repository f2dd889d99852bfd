import { asLayer, BaseDistribution, BaseModule, formatShape, ShapeError } from '@dgm/core';
import type {
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  Key,
  Layer,
  NetworkLike,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { countGroups } from '../autoregressive/masked-network';
import type { FlowCall } from '../flow-layer';
import { withContext } from '../internal/events';
import type { FlowBase } from './flow-base';

export interface AutoregressiveBaseOptions {
  /** The groups of the elements, as the network has them; each is drawn given all earlier ones. */
  readonly groups: readonly number[];
  /** The family of each element, with an event of shape `[1]`. */
  readonly head: DistributionHead;
  /** {@link maskedNetwork} with `head.numParameters` numbers for each element. */
  readonly network: NetworkLike;
}

/**
 * A base distribution in which groups of elements depend on earlier groups, $\pi(z) = \prod_g \pi(z_g | z_{<g})$.
 *
 * With two groups it is factoring-out: half of the latents get a distribution whose parameters the other half gives. With
 * a group for each element it is an autoregressive model.
 * @throws ShapeError if the events of the head are not of shape [1]
 * @see DGM §3.1.6, "Factoring-out"; Integer Discrete Flows (Hoogeboom et al., 2019), §4.2
 */
export function autoregressiveBase(options: AutoregressiveBaseOptions): ConditionalDistribution {
  return new AutoregressiveBase(options);
}

class AutoregressiveBase extends BaseModule implements FlowBase {
  readonly #parts: BaseParts;

  constructor({ groups, head, network }: AutoregressiveBaseOptions) {
    super();
    if (head.eventShape.length !== 1 || head.eventShape[0] !== 1) {
      throw new ShapeError({
        where: 'autoregressiveBase',
        argument: 'head',
        expected: 'with events of shape [1]',
        actual: formatShape(head.eventShape),
        remedy: 'make it with shape: [1]; each element has its own parameters',
      });
    }
    const passes = countGroups(groups);
    this.#parts = { dims: groups.length, passes, head, network: this.child('network', asLayer(network)) };
  }

  given(context?: Tensor, call: FlowCall = {}): Distribution {
    return new Grouped(this.#parts, context === undefined ? call : { ...call, context });
  }
}

interface BaseParts {
  readonly dims: number;
  readonly passes: number;
  readonly head: DistributionHead;
  readonly network: Layer;
}

class Grouped extends BaseDistribution {
  readonly kind = 'Grouped';
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  readonly reparameterized = false;
  readonly #parts: BaseParts;
  readonly #call: FlowCall;

  constructor(parts: BaseParts, call: FlowCall) {
    super();
    this.#parts = parts;
    this.#call = call;
    this.eventShape = [parts.dims];
    this.batchShape = call.context === undefined ? [] : [call.context.shape[0]!];
  }

  /** One pass for each group: what is drawn for later groups in the meantime is drawn again, with the same noise. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const shape = [...sampleShape, ...this.batchShape, this.#parts.dims];
    let rows: Tensor = tf.zeros([shape.slice(0, -1).reduce((a, b) => a * b, 1), this.#parts.dims]);
    for (let pass = 0; pass < this.#parts.passes; pass++) {
      rows = tf.reshape(this.#elements(rows).sample(key), rows.shape);
    }
    return tf.reshape(rows, shape);
  }

  protected logDensity(x: Tensor): Tensor {
    const { dims } = this.#parts;
    const rows = tf.reshape(x, [-1, dims]);
    const perElement = this.#elements(rows).logProb(tf.reshape(rows, [-1, 1]));
    return tf.reshape(tf.sum(tf.reshape(perElement, [-1, dims]), 1), x.shape.slice(0, -1));
  }

  /** The distributions of all elements of rows `[n, D]`, a batch of n D. */
  #elements(rows: Tensor): Distribution {
    const { head, network } = this.#parts;
    const output = network.apply(this.#seen(rows), this.#call);
    return head.distribution(tf.reshape(output, [-1, head.numParameters]));
  }

  #seen(rows: Tensor): Tensor {
    const { context } = this.#call;
    if (context === undefined) return rows;
    return withContext(rows, { context: tf.tile(context, [rows.shape[0]! / context.shape[0]!, 1]) });
  }
}
