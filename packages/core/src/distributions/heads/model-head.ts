import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../../construction/record';
import type { Module } from '../../model/module';
import type { CallOptions } from '../../nn/layer';
import type { Shape } from '../../shape/shape';
import type { ConditionalDistribution, Distribution } from '../distribution';
import type { DistributionHead } from './head';
import { checkOptions } from '../../check/check';

export interface ModelHeadOptions {
  /** The length of the model's context, which is how many numbers the network has to put out. */
  readonly contextSize: number;
}

class ModelHead implements DistributionHead, Module {
  readonly numParameters: number;
  readonly eventShape: Shape;
  readonly #model: ConditionalDistribution;

  constructor(model: ConditionalDistribution & { readonly eventShape: Shape }, contextSize: number) {
    this.numParameters = contextSize;
    this.eventShape = model.eventShape;
    this.#model = model;
  }

  distribution(context: Tensor, call?: CallOptions): Distribution {
    return this.#model.given(context, call);
  }

  parameters(): ReadonlyMap<string, Variable> {
    return this.#model.parameters();
  }

  dispose(): void {
    this.#model.dispose();
  }
}

/**
 * A head out of a model with a context, which the network puts out: a flow as a posterior, an autoregressive model as a
 * decoder. The head owns the model, and what takes the head owns both.
 *
 * @example
 * ```ts
 * const base = conditional(new Dense({ inputs: 32, outputs: 2 * 8, key }), normalHead({ shape: [8] }));
 * const flow = sylvesterFlow({ dims: 8, columns: 4, contextSize: 32, base, key: key.fold('flow') });
 * const model = vae({
 *   encoder: mlp([64, 64, 32], { key: key.fold('encoder') }),
 *   decoder: mlp([8, 64, 64 * 17], { key: key.fold('decoder') }),
 *   posterior: modelHead(flow, { contextSize: 32 }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 * });
 * ```
 */
export function modelHead(
  model: ConditionalDistribution & { readonly eventShape: Shape },
  { contextSize, ...unknown }: ModelHeadOptions,
): DistributionHead & Module {
  checkOptions('modelHead', unknown, ['contextSize']);
  return record(new ModelHead(model, contextSize), 'modelHead', arguments);
}
