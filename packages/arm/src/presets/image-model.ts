import { checkThat, formatShape } from '@dgm/core';
import type { Shape } from '@dgm/core';
import { AutoregressiveModel } from '../model/autoregressive-model';
import { ImageNetwork, StepImageNetwork } from '../networks/image-network';
import type { ImageBody, Plane, StepImageBody } from '../networks/image-network';
import { valueEncoding } from '../networks/value-encoding';
import type { ArmOptions } from './options';

export interface ImageArmOptions extends ArmOptions {
  /** Height and width, for events that are flat; by default those of `shape`. */
  readonly plane?: Plane;
  /**
   * Whether the model learns where a pixel is, which helps where things are in their place.
   * @defaultValue false
   */
  readonly positions?: boolean;
}

/**
 * A model out of a causal layer over images, a pixel at a time.
 * @param where - the factory, for errors
 * @param body - makes the layer: `[n, height, width, inputs]` to `[n, height, width, outputs]`
 */
export function imageModel(
  where: string,
  {
    shape,
    likelihood,
    plane = planeOf(where, shape, likelihood.eventShape),
    encoding,
    ...options
  }: ImageArmOptions,
  body: (sizes: { readonly inputs: number; readonly outputs: number }) => ImageBody,
): AutoregressiveModel {
  const { numParameters } = likelihood;
  const values = valueEncoding(likelihood, encoding);
  const made = body({ inputs: values.features, outputs: numParameters });
  const parts = { plane, encoding: values, numParameters, ...options };
  const network = isStepImageBody(made)
    ? new StepImageNetwork({ ...parts, body: made })
    : new ImageNetwork({ ...parts, body: made });
  return new AutoregressiveModel({ shape, network, likelihood });
}

function isStepImageBody(body: ImageBody): body is StepImageBody {
  return 'step' in body && 'initialState' in body;
}

function planeOf(where: string, shape: Shape, [channelsOfPixel = 1]: Shape): Plane {
  const [height, width, channels = 1] = shape;
  checkThat(
    where,
    'shape',
    height !== undefined && width !== undefined && channels === channelsOfPixel && shape.length <= 3,
    {
      expected: 'to be [height, width] or [height, width, channels] with a likelihood over the channels',
      actual: formatShape(shape),
      remedy: 'give the option plane, or take a model over sequences, for events of any shape',
    },
  );
  return [height, width];
}
