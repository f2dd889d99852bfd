import type { Tensor } from '@tensorflow/tfjs-core';
import type { FlowCall, FlowLayer } from './flow-layer';

/** A flow layer whose parameters start from the data that it first sees, or that holds moments of the data. */
export interface DataDependentFlow {
  /**
   * Fits the initial parameters to a batch of data, unless that was done before or a checkpoint brought them. Moments are
   * measured each time.
   * @param y - `[n, ...event]`
   * @returns what `inverseAndLogDet` gives then; the caller owns it
   */
  initialize(y: Tensor, call?: FlowCall): { z: Tensor; logDet: Tensor };
}

/** Passes data through a layer towards the latents, initializing on the way what starts from data. */
export function initializeFlow(
  layer: FlowLayer,
  y: Tensor,
  call: FlowCall = {},
): { z: Tensor; logDet: Tensor } {
  return isDataDependent(layer) ? layer.initialize(y, call) : layer.inverseAndLogDet(y, call);
}

function isDataDependent(layer: FlowLayer): layer is FlowLayer & DataDependentFlow {
  return 'initialize' in layer && typeof layer.initialize === 'function';
}
