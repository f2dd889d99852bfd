import { ArgumentError, checkInteger, disposeOnThrow, formatShape } from '@dgm/core';
import type { Bijector, ConditionalDistribution, Distribution, Key, Shape } from '@dgm/core';
import { flow, type Flow } from '../flow';
import { withPreprocessing } from '../models/options';
import { factorOut } from './factor-out';
import { Squeeze } from './reshape';

/** Where layers are made for: one scale of a flow of images. */
export interface Scale {
  /** `[height, width, channels]`. */
  readonly shape: Shape;
  /** Randomness of its own. */
  readonly key: Key;
}

export interface MultiscaleOptions {
  /** The model that is made, for its errors. */
  readonly where: string;
  /** `[height, width, channels]`; the sides can be halved `scales` times. */
  readonly shape: Shape;
  readonly scales: number;
  readonly key: Key;
  readonly contextSize?: number | undefined;
  /** The layers of a scale, from latent to data, on images that are squeezed. */
  layers(scale: Scale): readonly Bijector[];
  /**
   * Layers on its images before they are squeezed.
   * @defaultValue none
   */
  unsqueezed?(scale: Scale): readonly Bijector[];
  /** The distribution of the half of the channels that stops, of the given shape, given as many that go on. */
  dropped(scale: Scale): ConditionalDistribution;
  /** That of what is left at the last scale, the standard normal where it is none. */
  base?(scale: Scale): Distribution | ConditionalDistribution | undefined;
  /**
   * What stands between the flow and the data.
   * @defaultValue nothing
   */
  readonly preprocessing?: Bijector | undefined;
  readonly source: string;
}

/**
 * A flow of images of several scales: each squeezes the image and transforms it, and after each but the last half of the
 * channels is factored out.
 * @throws ArgumentError if the shape is not that of images, or there is no scale
 * @see Density Estimation Using Real NVP (Dinh et al., 2017), §3.6; DGM §3.1.6
 */
export function multiscaleFlow(options: MultiscaleOptions): Flow {
  const { where, shape, scales, contextSize, preprocessing, source } = options;
  if (!Array.isArray(shape) || shape.length !== 3) {
    const expected = 'to be [height, width, channels]';
    throw new ArgumentError({ where, argument: 'shape', expected, actual: String(shape) });
  }
  shape.forEach((size) => checkInteger(where, 'shape', size));
  checkInteger(where, 'scales', scales);
  const multiple = 2 ** scales;
  if (shape.slice(0, 2).some((side) => side % multiple !== 0)) {
    const expected = `to have sides that are multiples of ${multiple} for ${scales} scales`;
    throw new ArgumentError({ where, argument: 'shape', expected, actual: formatShape(shape) });
  }
  return disposeOnThrow(() => {
    const { layers, base } = partsOf(options, shape, scales);
    return flow({ layers: withPreprocessing(layers, preprocessing), contextSize, base, source });
  });
}

interface Parts {
  readonly layers: readonly Bijector[];
  readonly base: Distribution | ConditionalDistribution | undefined;
}

/** One scale, over all that comes after it on the way to the latents. */
function partsOf(options: MultiscaleOptions, shape: Shape, left: number): Parts {
  const squeeze = new Squeeze({ eventShape: shape });
  const scale = { shape: squeeze.latentShape, key: options.key.fold(left) };
  const before = options.unsqueezed?.({ shape, key: scale.key.fold('unsqueezed') }) ?? [];
  return {
    layers: [...options.layers(scale), squeeze, ...before],
    base: left === 1 ? options.base?.(scale) : rest(options, scale, left - 1),
  };
}

/** The first half of the channels goes on to the next scale, and the second half stops. */
function rest(options: MultiscaleOptions, { shape, key }: Scale, left: number): ConditionalDistribution {
  const [height, width, channels] = shape as [number, number, number];
  const half: Shape = [height, width, channels / 2];
  const { layers, base } = partsOf(options, half, left);
  return factorOut({
    sizes: [channels / 2, channels / 2],
    leadingShape: [height, width],
    kept: flow({ layers, base, contextSize: options.contextSize }),
    dropped: options.dropped({ shape: half, key: key.fold('dropped') }),
  });
}
