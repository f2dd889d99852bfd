import { AutoregressiveModel } from '../model/autoregressive-model';
import { ImageNetwork } from '../networks/image-network';
import type { ImageBody } from '../networks/image-network';
import { valueEncoding } from '../networks/value-encoding';
import type { ArmOptions } from './options';

export interface ImageArmOptions extends ArmOptions {
  /** Whether the model learns where a pixel is, which helps where things are in their place; no unless told otherwise. */
  readonly positions?: boolean;
}

/**
 * A model out of a causal layer over images.
 * @param body - makes the layer: `[n, height, width, inputs]` to `[n, height, width, outputs]`
 */
export function imageModel(
  { shape, likelihood, encoding, ...options }: ImageArmOptions,
  body: (sizes: { readonly inputs: number; readonly outputs: number }) => ImageBody,
): AutoregressiveModel {
  const { numParameters } = likelihood;
  const values = valueEncoding(likelihood, encoding);
  const network = new ImageNetwork({
    ...{ shape, encoding: values, numParameters },
    ...options,
    body: body({ inputs: values.features, outputs: numParameters }),
  });
  return new AutoregressiveModel({ shape, network, likelihood });
}
