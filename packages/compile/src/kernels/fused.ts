import type { Kernel } from './kernel';

/** What passes put in the place of several kernels of tfjs, which has none of its own: lowered, never captured. */
export const fusedKernels: Readonly<Record<string, Pick<Kernel, 'lower'>>> = {
  /** Each vector of the last axis with mean 0 and variance 1, and the reciprocals of what they were divided by. */
  Standardize: {
    lower: ({ onnx, names, inputs, attributes }) => {
      const ones = onnx.vector(new Array<number>(inputs[0]!.shape.at(-1)!).fill(1), 'float32');
      const epsilon = { float: Number(attributes['epsilon']) };
      const [normal, , precision] = onnx.nodes('LayerNormalization', [names[0]!, ones], 3, {
        axis: -1,
        epsilon,
      });
      return [normal!, precision!];
    },
  },
};
