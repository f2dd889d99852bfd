import type { StepLayer } from '@dgm/core';
import { AutoregressiveModel } from '../model/autoregressive-model';
import { SequenceNetwork } from '../networks/sequence-network';
import { valueEncoding } from '../networks/value-encoding';
import type { OrderedArmOptions } from './options';

/**
 * A model out of any causal layer.
 * @param body - makes the layer: `[n, D, inputs]` to `[n, D, outputs]`
 */
export function sequenceModel(
  { shape, likelihood, encoding, contextSize = 0, order }: Omit<OrderedArmOptions, 'key'>,
  body: (sizes: { readonly inputs: number; readonly outputs: number }) => StepLayer,
): AutoregressiveModel {
  const { numParameters } = likelihood;
  const values = valueEncoding(likelihood, encoding);
  const network = new SequenceNetwork({
    body: body({ inputs: values.features + contextSize, outputs: numParameters }),
    encoding: values,
    numParameters,
    contextSize,
  });
  return new AutoregressiveModel({ shape, network, likelihood, ...(order && { order }) });
}
