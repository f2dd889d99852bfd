import { ArgumentError, checkInteger, checkSizes, disposeOnThrow, formatShape } from '@dgm/core';
import type { Bijector, ConditionalDistribution, Distribution, Key, Shape } from '@dgm/core';
import { flow, type Flow } from '../flow';
import { withPreprocessing } from '../models/options';
import { factorOut } from './factor-out';
import { Squeeze } from './reshape';

/** One scale of a flow of images, for which layers are made. */
export interface Scale {
  /** `[height, width, channels]`. */
  readonly shape: Shape;
  /** The key of this scale. */
  readonly key: Key;
}

export interface MultiscaleOptions {
  /** The name of the factory, for its errors. */
  readonly where: string;
  /** `[height, width, channels]`; the sides can be halved `scales` times. */
  readonly shape: Shape;
  readonly scales: number;
  readonly key: Key;
  readonly contextSize?: number | undefined;
  /** The layers of a scale on squeezed images, from latents to data. */
  layers(scale: Scale): readonly Bijector[];
  /**
   * The layers of a scale on images that are not squeezed.
   * @defaultValue none
   */
  unsqueezed?(scale: Scale): readonly Bijector[];
  /** The distribution of the factored-out half of the channels, of the given shape, given the other half. */
  dropped(scale: Scale): ConditionalDistribution;
  /** The distribution at the last scale; the standard normal by default. */
  base?(scale: Scale): Distribution | ConditionalDistribution | undefined;
  /**
   * The last layer before the data.
   * @defaultValue nothing
   */
  readonly preprocessing?: Bijector | undefined;
  readonly source: string;
}

/**
 * A multi-scale flow of images. Each scale squeezes and transforms the image; after each scale except the last, half
 * of the channels is factored out.
 * @throws ArgumentError if the shape is not that of images, or there is no scale
 * @see Density Estimation Using Real NVP (Dinh et al., 2017), §3.6; DGM §3.1.6
 */
export function multiscaleFlow(options: MultiscaleOptions): Flow {
  const { where, shape, scales, contextSize, preprocessing, source } = options;
  if (!Array.isArray(shape) || shape.length !== 3) {
    const expected = 'to be [height, width, channels]';
    throw new ArgumentError({ where, argument: 'shape', expected, actual: String(shape) });
  }
  checkSizes(where, 'shape', shape);
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

/** One scale, over the scales between it and the latents. */
function partsOf(options: MultiscaleOptions, shape: Shape, left: number): Parts {
  const squeeze = new Squeeze({ eventShape: shape });
  const scale = { shape: squeeze.latentShape, key: options.key.fold(left) };
  const before = options.unsqueezed?.({ shape, key: scale.key.fold('unsqueezed') }) ?? [];
  return {
    layers: [...options.layers(scale), squeeze, ...before],
    base: left === 1 ? options.base?.(scale) : rest(options, scale, left - 1),
  };
}

/** The first half of the channels goes to the next scale; the second half is factored out. */
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
