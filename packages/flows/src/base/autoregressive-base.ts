import {
  asLayer,
  BaseDistribution,
  BaseModule,
  checkOptions,
  checkThat,
  formatShape,
  ShapeError,
  sizeOf,
} from '@dgm/core';
import type {
  CallOptions,
  ConditionalDistribution,
  Distribution,
  DistributionHead,
  EventSpace,
  Key,
  Layer,
  NetworkLike,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { countGroups } from '../autoregressive/masked-network';
import { withContext } from '../internal/events';
import { record } from '../record';
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
 * With two groups this factors out half of the latents: the other half gives the parameters of their distribution.
 * With one group per element it is an autoregressive model.
 * @throws ShapeError if the events of the head are not of shape [1]
 * @see DGM §3.1.6, "Factoring-out"; Integer Discrete Flows (Hoogeboom et al., 2019), §4.2
 *
 * @example
 * ```ts
 * const groups = [0, 0, 1, 1]; // the last two elements given the first two
 * const network = maskedNetwork({ groups, numParameters: 2, hidden: [32], key });
 * const base = autoregressiveBase({ groups, head: normalHead({ shape: [1] }), network });
 * const model = realNvp({ dims: 4, base, key });
 * ```
 */
export function autoregressiveBase(options: AutoregressiveBaseOptions): ConditionalDistribution {
  checkOptions('autoregressiveBase', options, ['groups', 'head', 'network']);
  return record(new AutoregressiveBase(options), 'autoregressiveBase', arguments);
}

class AutoregressiveBase extends BaseModule implements FlowBase {
  readonly space: EventSpace | undefined;
  readonly #parts: BaseParts;

  constructor({ groups, head, network }: AutoregressiveBaseOptions) {
    super();
    checkThat('autoregressiveBase', 'head', head.eventShape.length === 1 && head.eventShape[0] === 1, {
      error: ShapeError,
      expected: 'with events of shape [1]',
      actual: formatShape(head.eventShape),
      remedy: 'make it with shape: [1]; each element has its own parameters',
    });
    this.space = head.space;
    const members = Array.from({ length: countGroups(groups) }, (_, group) =>
      groups.flatMap((own, element) => (own === group ? [element] : [])),
    );
    this.#parts = { dims: groups.length, members, head, network: this.child('network', asLayer(network)) };
  }

  given(context?: Tensor, call: CallOptions = {}): Distribution {
    return new Grouped(this.#parts, context === undefined ? call : { ...call, context });
  }
}

interface BaseParts {
  readonly dims: number;
  /** The elements of each group. */
  readonly members: readonly (readonly number[])[];
  readonly head: DistributionHead;
  readonly network: Layer;
}

class Grouped extends BaseDistribution {
  readonly kind = 'Grouped';
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  readonly reparameterized = false;
  /** The elements of each group: those of one group depend on earlier groups only. */
  readonly members: readonly (readonly number[])[];
  readonly #parts: BaseParts;
  readonly #call: CallOptions;

  constructor(parts: BaseParts, call: CallOptions) {
    super();
    this.#parts = parts;
    this.#call = call;
    this.members = parts.members;
    this.eventShape = [parts.dims];
    this.space = parts.head.space;
    this.batchShape = call.context === undefined ? [] : [call.context.shape[0]!];
  }

  /**
   * Draws group by group: one pass of the network over the elements drawn so far gives the parameters of the next
   * group.
   */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    const { dims } = this.#parts;
    const shape = [...sampleShape, ...this.batchShape, dims];
    let rows: Tensor = tf.zeros([sizeOf(shape) / dims, dims]);
    this.members.forEach((elements, group) => {
      const drawn = this.conditionals(rows, tf.tensor1d([...elements], 'int32')).sample(key.fold(group));
      rows = withElements(rows, elements, tf.reshape(drawn, [-1, elements.length]));
    });
    return tf.reshape(rows, shape);
  }

  protected logDensity(x: Tensor): Tensor {
    const { dims } = this.#parts;
    const rows = tf.reshape(x, [-1, dims]);
    const perElement = this.conditionals(rows).logProb(tf.reshape(rows, [-1, 1]));
    return tf.reshape(tf.sum(tf.reshape(perElement, [-1, dims]), 1), x.shape.slice(0, -1));
  }

  /**
   * The distributions $\pi(z_d | z_{<g})$ of elements d given those of earlier groups.
   * @param rows - `[n, D]`; what they hold of the same group and later ones does not matter
   * @param elements - which elements, `[k]`; all by default
   * @returns a batch of n k, those of one row side by side, with events of shape [1]
   */
  conditionals(rows: Tensor, elements?: Tensor): Distribution {
    const { dims, head, network } = this.#parts;
    const output = network.apply(this.#seen(rows), this.#call);
    const all = tf.reshape(output, [-1, dims, head.numParameters]);
    const own = elements === undefined ? all : tf.gather(all, elements, 1);
    return head.distribution(tf.reshape(own, [-1, head.numParameters]));
  }

  #seen(rows: Tensor): Tensor {
    const { context } = this.#call;
    if (context === undefined) return rows;
    return withContext(rows, { context: tf.tile(context, [rows.shape[0]! / context.shape[0]!, 1]) });
  }
}

/** Rows `[n, D]` with other values `[n, k]` for k of their elements. */
function withElements(rows: Tensor, elements: readonly number[], values: Tensor): Tensor {
  const places = Array.from({ length: rows.shape[1]! }, (_, element) => elements.indexOf(element));
  const isOther = tf.tensor1d(
    places.map((place) => place !== -1),
    'bool',
  );
  const spread = tf.gather(
    values,
    tf.tensor1d(
      places.map((place) => Math.max(place, 0)),
      'int32',
    ),
    1,
  );
  return tf.where(isOther, spread, rows);
}
