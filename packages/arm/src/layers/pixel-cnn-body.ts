import { BaseLayer, childCall, Conv2d, Dropout, relu } from '@dgm/core';
import type { CallOptions, Key, SequenceState, Step } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { PixelInput, StepImageBody } from '../networks/image-network';
import { MaskedConv2d } from './masked-conv2d';

export interface PixelCnnBodyOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Channels between the blocks, an even number; half as many within. */
  readonly hidden: number;
  readonly blocks: number;
  /** Of the first convolution and of those in the blocks. */
  readonly kernelSizes: readonly [number, number];
  readonly dropout: number;
  readonly key: Key;
}

/** Sends a tensor through a masked convolution. */
type Look = (layer: MaskedConv2d, x: Tensor) => Tensor;

const overImage: Look = (layer, x) => layer.apply(x);

/** $h + W_3\,\mathrm{relu}(M_2 * \mathrm{relu}(W_1\,\mathrm{relu}(h)))$ with a masked convolution M. */
class MaskedBlock extends BaseLayer {
  readonly #down: Conv2d;
  readonly look: MaskedConv2d;
  readonly #up: Conv2d;

  constructor(hidden: number, kernelSize: number, key: Key) {
    super();
    const half = hidden / 2;
    const keys = { down: key.fold('down'), look: key.fold('look'), up: key.fold('up') };
    this.#down = this.child(
      'down',
      new Conv2d({ inputs: hidden, outputs: half, kernelSize: 1, key: keys.down }),
    );
    const look = { inputs: half, outputs: half, kernelSize, option: 'B', key: keys.look } as const;
    this.look = this.child('look', new MaskedConv2d(look));
    this.#up = this.child('up', new Conv2d({ inputs: half, outputs: hidden, kernelSize: 1, key: keys.up }));
  }

  /** With the masked convolution over whole images, or for one pixel. */
  through(h: Tensor, look: Look): Tensor {
    return tf.add(h, this.#up.apply(relu(look(this.look, relu(this.#down.apply(relu(h)))))));
  }

  protected forward(h: Tensor): Tensor {
    return this.through(h, overImage);
  }
}

/** PixelCNN: a masked convolution with option A, blocks with option B, and a network for each pixel by itself. */
export class PixelCnnBody extends BaseLayer implements StepImageBody {
  readonly hidden: number;
  readonly #first: MaskedConv2d;
  readonly #blocks: readonly MaskedBlock[];
  readonly #drop: Dropout;
  readonly #mix: Conv2d;
  readonly #output: Conv2d;

  constructor({ inputs, outputs, hidden, blocks, kernelSizes, dropout, key }: PixelCnnBodyOptions) {
    super();
    this.hidden = hidden;
    const first = { inputs, outputs: hidden, kernelSize: kernelSizes[0], key: key.fold('first') };
    this.#first = this.child('first', new MaskedConv2d({ ...first, option: 'A' }));
    this.#blocks = Array.from({ length: blocks }, (_, index) =>
      this.child(`block${index}`, new MaskedBlock(hidden, kernelSizes[1], key.fold(index))),
    );
    this.#drop = new Dropout({ rate: dropout });
    const pixelwise = { inputs: hidden, kernelSize: 1 };
    this.#mix = this.child('mix', new Conv2d({ ...pixelwise, outputs: hidden, key: key.fold('mix') }));
    this.#output = this.child('output', new Conv2d({ ...pixelwise, outputs, key: key.fold('output') }));
  }

  withBias(x: Tensor, bias: Tensor | undefined, call: CallOptions): Tensor {
    return tf.tidy(() => {
      return this.#through({ x, bias, look: overImage, call });
    });
  }

  initialState(n: number, width: number): SequenceState {
    const windows = this.#looking().map(([name, layer]) => [name, layer.windowBefore(n, width).window]);
    return Object.fromEntries(windows) as SequenceState;
  }

  step(
    { previous, bias, ...place }: PixelInput,
    state: SequenceState,
    call: CallOptions,
  ): Step<SequenceState> {
    return tf.tidy(() => {
      const names = new Map(this.#looking().map(([name, layer]) => [layer, name]));
      const after: Record<string, Tensor> = {};
      const look: Look = (layer, x) => {
        const name = names.get(layer)!;
        const taken = layer.step(x, { window: state[name]! }, place);
        after[name] = taken.state.window;
        return taken.output;
      };
      return { output: this.#through({ x: previous, bias, look, call }), state: after };
    });
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.withBias(x, undefined, call);
  }

  #through({
    x,
    bias,
    look,
    call,
  }: {
    readonly x: Tensor;
    readonly bias: Tensor | undefined;
    readonly look: Look;
    readonly call: CallOptions;
  }): Tensor {
    const first = look(this.#first, x);
    const start = bias === undefined ? first : tf.add(first, bias);
    const h = this.#blocks.reduce(
      (y, block, index) => block.through(this.#dropped(y, index, call), look),
      start,
    );
    return this.#output.apply(relu(this.#mix.apply(relu(h))));
  }

  /** The layers that look at other pixels, under the names of their windows. */
  #looking(): readonly (readonly [string, MaskedConv2d])[] {
    return [
      ['first', this.#first],
      ...this.#blocks.map(({ look }, index) => [`block${index}`, look] as const),
    ];
  }

  #dropped(y: Tensor, index: number, call: CallOptions): Tensor {
    return this.#drop.apply(y, childCall(call, index));
  }
}
