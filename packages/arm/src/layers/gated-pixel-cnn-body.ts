import { BaseLayer, BaseModule, childCall, Conv2d, Dropout, relu } from '@dgm/core';
import type { CallOptions, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ImageBody } from '../networks/image-network';
import { gate } from './gate';
import { ShiftedConv2d } from './shifted-conv2d';

export interface GatedPixelCnnBodyOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Channels of each stack. */
  readonly hidden: number;
  readonly blocks: number;
  /** Rows and pixels that the first convolutions look back, and those of the blocks, their own included. */
  readonly reaches: readonly [number, number];
  readonly dropout: number;
  readonly key: Key;
}

/** The vertical stack sees all rows above, the horizontal one the row to the left, and the vertical stack. */
interface Stacks {
  readonly vertical: Tensor;
  readonly horizontal: Tensor;
}

/**
 * One layer of both stacks, with $[a, b]$ for the halves of the channels and $g(a, b) = \tanh(a) \odot \sigma(b)$:
 * $c = V * v$, $v' = g(c)$, $h' = h + W_2\, g(H * h + W_1 c)$.
 */
class GatedBlock extends BaseModule {
  readonly #look: { readonly up: ShiftedConv2d; readonly left: ShiftedConv2d };
  readonly #toHorizontal: Conv2d;
  readonly #residual: Conv2d;
  readonly #drop: Dropout;

  constructor({ hidden, reach, dropout, key }: { hidden: number; reach: number; dropout: number; key: Key }) {
    super();
    const sizes = { inputs: hidden, outputs: 2 * hidden, reach, option: 'B' } as const;
    this.#look = {
      up: this.child('up', new ShiftedConv2d({ ...sizes, direction: 'down', key: key.fold('up') })),
      left: this.child('left', new ShiftedConv2d({ ...sizes, direction: 'right', key: key.fold('left') })),
    };
    const across = { inputs: 2 * hidden, outputs: 2 * hidden, kernelSize: 1, key: key.fold('across') };
    this.#toHorizontal = this.child('across', new Conv2d(across));
    const residual = { inputs: hidden, outputs: hidden, kernelSize: 1, key: key.fold('residual') };
    this.#residual = this.child('residual', new Conv2d(residual));
    this.#drop = new Dropout({ rate: dropout });
  }

  through({ vertical, horizontal }: Stacks, call: CallOptions): Stacks {
    const drop = (x: Tensor, name: string): Tensor => this.#drop.apply(x, childCall(call, name));
    const above = this.#look.up.apply(drop(vertical, 'vertical'));
    const left = this.#look.left.apply(drop(horizontal, 'horizontal'));
    const change = this.#residual.apply(gate(tf.add(left, this.#toHorizontal.apply(above))));
    return { vertical: gate(above), horizontal: tf.add(horizontal, change) };
  }
}

/**
 * Gated PixelCNN. Both stacks look back by the way they are padded, so that every pixel above or to the left is seen:
 * there is no blind spot.
 */
export class GatedPixelCnnBody extends BaseLayer implements ImageBody {
  readonly hidden: number;
  readonly #first: { readonly up: ShiftedConv2d; readonly left: ShiftedConv2d };
  readonly #blocks: readonly GatedBlock[];
  readonly #mix: Conv2d;
  readonly #output: Conv2d;

  constructor({ inputs, outputs, hidden, blocks, reaches, dropout, key }: GatedPixelCnnBodyOptions) {
    super();
    this.hidden = hidden;
    const sizes = { inputs, outputs: hidden, reach: reaches[0], option: 'A' } as const;
    this.#first = {
      up: this.child('up', new ShiftedConv2d({ ...sizes, direction: 'down', key: key.fold('up') })),
      left: this.child('left', new ShiftedConv2d({ ...sizes, direction: 'right', key: key.fold('left') })),
    };
    this.#blocks = Array.from({ length: blocks }, (_, index) =>
      this.child(
        `block${index}`,
        new GatedBlock({ hidden, reach: reaches[1], dropout, key: key.fold(index) }),
      ),
    );
    const pixelwise = { inputs: hidden, kernelSize: 1 };
    this.#mix = this.child('mix', new Conv2d({ ...pixelwise, outputs: hidden, key: key.fold('mix') }));
    this.#output = this.child('output', new Conv2d({ ...pixelwise, outputs, key: key.fold('output') }));
  }

  withBias(x: Tensor, bias: Tensor | undefined, call: CallOptions): Tensor {
    return tf.tidy(() => {
      const biased = (y: Tensor): Tensor => (bias === undefined ? y : tf.add(y, bias));
      const vertical = biased(this.#first.up.apply(x));
      const start: Stacks = { vertical, horizontal: tf.add(vertical, this.#first.left.apply(x)) };
      const { horizontal } = this.#blocks.reduce(
        (stacks, block, index) => block.through(stacks, childCall(call, index)),
        start,
      );
      return this.#output.apply(relu(this.#mix.apply(relu(horizontal))));
    });
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.withBias(x, undefined, call);
  }
}
