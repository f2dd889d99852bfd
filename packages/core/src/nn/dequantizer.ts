import type { Tensor } from '@tensorflow/tfjs-core';
import type { CallOptions } from './layer';
import type { Key } from '../random/key';
import type { Shape } from '../shape/shape';
import type { Module } from '../model/module';

/** Options of one call of a dequantizer. */
export interface DequantizerCall extends CallOptions {
  /** Leading axes, for several draws per example. */
  readonly sampleShape?: Shape;
}

/** $q(u | x)$: noise on $[0, 1)^D$ that turns a mass function into a density. */
export interface Dequantizer extends Module {
  /**
   * Draws of the noise for data `[n, ...event]`.
   * @param call - `context` and `training` for noise that is learned
   * @returns `noise`: `[...sampleShape, n, ...event]`, and `logProb`: $\ln q(u|x)$ in nats, `[...sampleShape, n]`
   */
  draw(x: Tensor, key: Key, call?: DequantizerCall): { noise: Tensor; logProb: Tensor };
  /** Initializes data-dependent layers from integers `[n, ...event]`. */
  initialize?(x: Tensor, key: Key, call?: CallOptions): void;
}
