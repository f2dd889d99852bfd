import { BaseLayer, childCall, UnsupportedError } from '@dgm/core';
import type { CallOptions, Layer, SequenceState, StateOptions, Step, StepLayer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Sends a tensor through a layer that was adopted, at all positions or at one. */
export type Through = (layer: Layer, x: Tensor) => Tensor;

/** A layer over whole sequences that can start from any state of its own. */
interface RunLayer extends Layer {
  run(x: Tensor, state: SequenceState, call?: CallOptions): { readonly outputs: Tensor };
}

function isRunLayer(layer: Layer): layer is RunLayer {
  return 'run' in layer;
}

export function isStepLayer(layer: Layer): layer is StepLayer {
  return 'step' in layer && 'initialState' in layer;
}

/**
 * The base of causal layers that are made of others. An author adopts them in the constructor and writes `compute`, once
 * for whole sequences `[n, length, features]` and for single positions `[n, features]`.
 *
 * A layer without `step` is taken to act on each position by itself.
 */
export abstract class BaseCausalLayer extends BaseLayer implements StepLayer {
  readonly #names = new Map<Layer, string>();

  /** The equation. It may send x through each adopted layer once, and act on the last axis. */
  protected abstract compute(x: Tensor, through: Through): Tensor;

  protected adopt<L extends Layer>(name: string, layer: L): L {
    this.#names.set(layer, name);
    return this.child(name, layer);
  }

  initialState(n: number, options: StateOptions = {}): SequenceState {
    const states = [...this.#names].flatMap(([layer, name]) =>
      isStepLayer(layer) ? Object.entries(prefixed(name, layer.initialState(n, options))) : [],
    );
    return Object.fromEntries(states);
  }

  step(x: Tensor, state: SequenceState, call: CallOptions = {}): Step<SequenceState> {
    return tf.tidy(() => {
      const next: Record<string, Tensor> = {};
      const output = this.compute(x, (layer, input) => {
        const name = this.#names.get(layer)!;
        const own = childCall(call, name);
        if (!isStepLayer(layer)) return layer.apply(input, own);
        const taken = layer.step(input, unprefixed(name, state), own);
        Object.assign(next, prefixed(name, taken.state));
        return taken.output;
      });
      return { output, state: next };
    });
  }

  /**
   * The output for a whole sequence that continues from a state.
   * @throws UnsupportedError for layers that look back and are not recurrent
   */
  run(x: Tensor, state: SequenceState, call: CallOptions = {}): { readonly outputs: Tensor } {
    return tf.tidy(() => {
      const outputs = this.compute(x, (layer, input) => {
        const name = this.#names.get(layer)!;
        const own = childCall(call, name);
        if (!isStepLayer(layer)) return layer.apply(input, own);
        if (isRunLayer(layer)) return layer.run(input, unprefixed(name, state), own).outputs;
        throw new UnsupportedError({
          where: 'BaseCausalLayer.run',
          argument: name,
          expected: 'to be recurrent, to go on from a state',
          actual: 'a layer with another kind of memory',
          remedy: 'take steps, or layers made by gru and lstm',
        });
      });
      return { outputs };
    });
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return this.compute(x, (layer, input) => layer.apply(input, childCall(call, this.#names.get(layer)!)));
  }
}

function prefixed(name: string, state: SequenceState): SequenceState {
  return Object.fromEntries(Object.entries(state).map(([path, tensor]) => [`${name}/${path}`, tensor]));
}

function unprefixed(name: string, state: SequenceState): SequenceState {
  const own = Object.entries(state).filter(([path]) => path.startsWith(`${name}/`));
  return Object.fromEntries(own.map(([path, tensor]) => [path.slice(name.length + 1), tensor]));
}
