import { asLayer, Conv2d, ConvTranspose2d, Sequential } from '@dgm/core';
import type { Key, Layer, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { imageShape } from '../shared/datasets';
import { Gated } from './gated';

/** The paper's convolutions halve an image twice, and then see all of it. */
const SHRINK = 4;

/** Channels of the paper's networks, and the size of what the encoder puts out; `quick` ones are fewer. */
const sizes = { narrow: 32, wide: 64, features: 256 } as const;
const smallSizes = { narrow: 4, wide: 6, features: 16 } as const;

interface GatedConvolutions {
  readonly encoder: Layer;
  /** From `[n, latent]` to a logit for each pixel, `[n, height * width]`. */
  readonly decoder: Layer;
  /** The length of the encoder's output. */
  readonly features: number;
}

/** Height and width of black-and-white images, `[height, width, 1]`, or flat ones that are square; undefined for others. */
export function planeOf(shape: Shape): readonly [number, number] | undefined {
  const [height, width, channels] = imageShape(shape) ?? [];
  const isDivisible = channels === 1 && height! % SHRINK === 0 && width! % SHRINK === 0;
  return isDivisible ? [height!, width!] : undefined;
}

/**
 * The gated convolutional networks of the paper, of 5 x 5 throughout but for the layers between the image at its smallest and a
 * vector, for images of any size that is divisible by four. (The paper has 28 x 28.)
 * @see Sylvester Normalizing Flows (van den Berg et al., 2018), Appendix A; `models/VAE.py` and `models/layers.py` of the authors'
 * program
 */
export function gatedConvolutions(options: {
  readonly plane: readonly [number, number];
  readonly latent: number;
  readonly key: Key;
  readonly quick: boolean;
}): GatedConvolutions {
  const { plane, latent, quick } = options;
  const { narrow, wide, features } = quick ? smallSizes : sizes;
  const smallest = [plane[0] / SHRINK, plane[1] / SHRINK] as const;
  const key = { down: options.key.fold('encoder'), up: options.key.fold('decoder') };
  const down = (index: number, inputs: number, outputs: number, stride: number) =>
    new Gated(
      (own) => new Conv2d({ inputs, outputs, kernelSize: 5, stride, padding: 2, key: own }),
      key.down.fold(index),
    );
  const up = (index: number, inputs: number, outputs: number, stride: number) =>
    new Gated(
      (own) =>
        new ConvTranspose2d({
          ...{ inputs, outputs, kernelSize: 5, stride, padding: 2, outputPadding: stride - 1 },
          key: own,
        }),
      key.up.fold(index),
    );
  const encoder = new Sequential([
    asLayer((x) => tf.reshape(x, [-1, ...plane, 1])),
    down(0, 1, narrow, 1),
    down(1, narrow, narrow, 2),
    down(2, narrow, wide, 1),
    down(3, wide, wide, 2),
    down(4, wide, wide, 1),
    new Gated(
      (own) => new Conv2d({ inputs: wide, outputs: features, kernelSize: smallest, key: own }),
      key.down.fold(5),
    ),
    asLayer((x) => tf.reshape(x, [-1, features])),
  ]);
  const decoder = new Sequential([
    asLayer((z) => tf.reshape(z, [-1, 1, 1, latent])),
    new Gated(
      (own) => new ConvTranspose2d({ inputs: latent, outputs: wide, kernelSize: smallest, key: own }),
      key.up.fold(0),
    ),
    up(1, wide, wide, 1),
    up(2, wide, narrow, 2),
    up(3, narrow, narrow, 1),
    up(4, narrow, narrow, 2),
    up(5, narrow, narrow, 1),
    new Conv2d({ inputs: narrow, outputs: 1, kernelSize: 1, key: key.up.fold('last') }),
    asLayer((x) => tf.reshape(x, [x.shape[0]!, -1])),
  ]);
  return { encoder, decoder, features };
}
