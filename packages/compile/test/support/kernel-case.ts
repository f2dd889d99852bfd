import { Key } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { capture } from '../../src/capture/capture';
import type { Graph } from '../../src/graph/graph';
import { rewrite } from '../../src/graph/rewrite';
import { chooseConvolutions } from '../../src/passes/choose-convolutions';
import type { Case } from '../kernels.cases';
import { specOf } from './spec-of';

/** The tensors that a case is tried with; the caller owns them. */
export function inputsOf({ inputs }: Case): Tensor[] {
  return inputs.map((input, index) =>
    typeof input === 'function' ? input() : Key.of(10 + index).normal(input),
  );
}

export const outputsOf = (result: Tensor | Tensor[]): Tensor[] => [result].flat();

/** The graph of a case, `x0`, `x1`, ... to `y0`, `y1`, ..., with the form of each convolution chosen. */
export function captureCase({ f }: Case, inputs: readonly Tensor[]): Graph {
  const { graph } = capture(
    ({ tensors }) => {
      const results = outputsOf(f(...inputs.map((_, index) => tensors[`x${index}`]!)));
      return Object.fromEntries(results.map((y, index) => [`y${index}`, y]));
    },
    Object.fromEntries(inputs.map((tensor, index) => [`x${index}`, specOf(tensor)])),
  );
  return rewrite(graph, chooseConvolutions);
}
