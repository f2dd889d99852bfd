import { Dense, Dropout, gru, lstm } from '@dgm/core';
import type { Layer } from '@dgm/core';
import { CausalStack } from '../layers/causal-stack';
import { AutoregressiveModel } from '../model/autoregressive-model';
import { StateDecoder } from '../networks/state-decoder';
import { valueEncoding } from '../networks/value-encoding';
import { anything, count, makeArm, oneOf, optional, share } from './options';
import type { OrderedArmOptions } from './options';
import { sequenceModel } from './sequence-model';

export interface RecurrentArmOptions extends OrderedArmOptions {
  /** @defaultValue 'gru' */
  readonly cell?: 'gru' | 'lstm';
  /** Hidden units of each layer. */
  readonly hidden: number;
  /**
   * How many recurrent layers there are.
   * @defaultValue 1
   */
  readonly layers?: number;
  /**
   * Where a context goes: `inputs` - beside the value of each position; `state` - it decides the first hidden units and what
   * stands for the value before the first.
   * @defaultValue 'inputs'
   */
  readonly contextTo?: 'inputs' | 'state';
  /**
   * With `contextTo: 'state'`, hidden units of the network from the context to the state.
   * @defaultValue []
   */
  readonly contextHidden?: readonly number[];
  /**
   * Share of the hidden units that is dropped in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
}

/**
 * A recurrent network along the variables: $p(x_d | x_{<d}) = p(x_d | \mathrm{RNN}(x_{d-1}, h_{d-1}))$.
 *
 * With a context in its first state it is a decoder, `model.given(z)`: it is trained with teacher forcing and draws one
 * variable after the other.
 * @throws ArgumentError where the state is to come from a context, and there is none
 * @see DGM §2.2.2, Eq. 2.7. Pavesi 2024 §4.1, Algorithms 1 and 2, for the decoder
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [], levels: 28 }); // characters
 * const model = recurrentArm({ shape: [32], likelihood, hidden: 64, key });
 * ```
 */
export function recurrentArm(options: RecurrentArmOptions): AutoregressiveModel {
  return makeArm(options, {
    name: 'recurrentArm',
    ordered: true,
    own: {
      cell: optional(oneOf('gru', 'lstm')),
      hidden: count,
      layers: optional(count),
      contextTo: optional(oneOf('inputs', 'state')),
      contextHidden: anything,
      dropout: optional(share),
    },
    build,
  });
}

function build({
  cell = 'gru',
  hidden,
  layers = 1,
  contextTo = 'inputs',
  contextHidden = [],
  dropout = 0,
  ...options
}: RecurrentArmOptions): AutoregressiveModel {
  const { key } = options;
  const recurrent = (inputs: number): Layer[] =>
    Array.from({ length: layers }, (_, index): Layer[] => {
      const sizes = { inputs: index === 0 ? inputs : hidden, hidden, key: key.fold(index) };
      return [cell === 'gru' ? gru(sizes) : lstm(sizes), new Dropout({ rate: dropout })];
    }).flat();
  const body = ({ inputs, outputs }: { readonly inputs: number; readonly outputs: number }): CausalStack =>
    new CausalStack([...recurrent(inputs), new Dense({ inputs: hidden, outputs, key: key.fold('output') })]);
  if (contextTo === 'inputs') return sequenceModel(options, body);
  const { shape, likelihood, encoding, contextSize = 0, order } = options;
  const { numParameters } = likelihood;
  const values = valueEncoding(likelihood, encoding);
  const network = new StateDecoder({
    body: body({ inputs: values.features, outputs: numParameters }),
    encoding: values,
    ...{ numParameters, contextSize, contextHidden, key: key.fold('context') },
  });
  return new AutoregressiveModel({ shape, network, likelihood, ...(order && { order }) });
}
