import { checkThat, Key, madeDegrees } from '@dgm/core';
import type { Activation } from '@dgm/core';
import { numVariablesOf } from '../model/check-fit';
import { MadeEnsemble } from '../model/made-ensemble';
import type { Connection } from '../model/made-ensemble';
import { checkOrder, inverseOrder, rasterOrder } from '../model/order';
import { ReconnectedMade } from '../networks/reconnected-made';
import { valueEncoding } from '../networks/value-encoding';
import { anything, count, counts, makeArm } from './options';
import type { OrderedArmOptions } from './options';

export interface MadeEnsembleOptions extends OrderedArmOptions {
  /** Units of each hidden layer. */
  readonly hidden: readonly [number, ...number[]];
  /** How many masks there are. */
  readonly masks: number;
  /**
   * Decides the masks and orders, which are not among the weights that are saved.
   * @defaultValue Key.of(0)
   */
  readonly maskKey?: Key;
  /** Whether each mask has a random order of its own; by default yes, but with an `order` no. */
  readonly orderAgnostic?: boolean;
  /** @defaultValue 'relu' */
  readonly activation?: Activation;
}

/**
 * MADE with several masks, and orders, that share their weights: the mixture of as many models.
 * @throws ArgumentError for a number of masks that is not a count, and for an `order` of an order-agnostic model
 * @see MADE: Masked Autoencoder for Distribution Estimation (Germain et al., 2015), §4.2-4.3
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [], levels: 17 });
 * const model = madeEnsemble({ shape: [64], likelihood, hidden: [128], masks: 4, key });
 * ```
 */
export function madeEnsemble(options: MadeEnsembleOptions): MadeEnsemble {
  return makeArm(options, {
    name: 'madeEnsemble',
    ordered: true,
    own: { hidden: counts, masks: count, maskKey: anything, orderAgnostic: anything, activation: anything },
    build,
  });
}

function build({
  shape,
  likelihood,
  encoding: name,
  order,
  hidden,
  masks,
  maskKey = Key.of(0),
  orderAgnostic = order === undefined,
  activation = 'relu',
  contextSize = 0,
  key,
}: MadeEnsembleOptions): MadeEnsemble {
  checkThat('madeEnsemble', 'order', !orderAgnostic || order === undefined, {
    expected: 'to be left out where each mask has an order of its own',
    actual: 'an order',
  });
  const numVariables = numVariablesOf(shape, likelihood);
  const encoding = valueEncoding(likelihood, name);
  const { numParameters } = likelihood;
  const sizes = { numVariables, features: encoding.features, contextSize, hidden, numParameters };
  const given = checkOrder('madeEnsemble', order ?? rasterOrder([numVariables]), numVariables);
  const connections = Array.from({ length: masks }, (_, index): Connection => {
    const own = maskKey.fold(index);
    const ordered = orderAgnostic ? own.fold('order').permutation(numVariables) : given;
    const places = Array.from(inverseOrder(ordered));
    return { order: ordered, degrees: madeDegrees(sizes, places, own.fold('degrees')) };
  });
  const weights = new ReconnectedMade({ sizes, encoding, activation, key });
  return new MadeEnsemble({ shape, likelihood, weights, connections, numVariables, contextSize });
}
