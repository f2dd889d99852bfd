import type { OnnxBuilder } from './onnx-builder';
import type { Attributes } from '../graph/graph';
import type { Kernel, KernelTable } from './kernel';

/** How much each of `to` places takes from each of `from` along one axis, row by row. */
type Weights = (from: number, to: number, options: Attributes) => number[];

/** Where a place of the result lies in the source, as tfjs sees it. */
function scaleOf(from: number, to: number, { alignCorners }: Attributes): number {
  return alignCorners === true && to > 1 ? (from - 1) / (to - 1) : from / to;
}

const bilinear: Weights = (from, to, options) => {
  const scale = scaleOf(from, to, options);
  const weights = new Array<number>(to * from).fill(0);
  for (let place = 0; place < to; place++) {
    const source = options['halfPixelCenters'] === true ? scale * (place + 0.5) - 0.5 : scale * place;
    const below = Math.max(0, Math.floor(source));
    const above = Math.min(from - 1, Math.ceil(source));
    weights[place * from + below]! += 1 - (source - below);
    weights[place * from + above]! += source - below;
  }
  return weights;
};

const nearest: Weights = (from, to, options) => {
  const scale = scaleOf(from, to, options);
  const weights = new Array<number>(to * from).fill(0);
  for (let place = 0; place < to; place++) {
    const source = options['halfPixelCenters'] === true ? scale * (place + 0.5) : scale * place;
    const index = options['alignCorners'] === true ? Math.round(source) : Math.floor(source);
    weights[place * from + Math.max(0, Math.min(from - 1, index))] = 1;
  }
  return weights;
};

/** Multiplies both axes of images `[n, height, width, channels]` by a matrix. */
function multiplyAxes(
  onnx: OnnxBuilder,
  x: string,
  [count, height, width, channels]: readonly number[],
  [rows, columns]: readonly [Matrix, Matrix],
): string {
  const tall = onnx.reshape(x, [count!, height!, width! * channels!]);
  const resized = onnx.reshape(onnx.node('MatMul', [rows.name, tall]), [
    count! * rows.size,
    width!,
    channels!,
  ]);
  const result = onnx.node('MatMul', [columns.name, resized]);
  return onnx.reshape(result, [count!, rows.size, columns.size, channels!]);
}

interface Matrix {
  readonly name: string;
  /** The number of its rows. */
  readonly size: number;
}

function resize(weights: Weights): Kernel {
  return {
    inputs: ['images'],
    note: 'as products with a matrix for each axis',
    infer: ([images], attributes) => {
      const [count, , , channels] = images!.shape as [number, number, number, number];
      return [{ shape: [count, ...(attributes['size'] as number[]), channels], dtype: 'float32' }];
    },
    lower: ({ onnx, names, inputs, outputs, attributes }) => {
      const matrix = (axis: number): Matrix => {
        const [from, to] = [inputs[0]!.shape[axis]!, outputs[0]!.shape[axis]!];
        const values = onnx.vector(weights(from, to, attributes), 'float32');
        return { name: onnx.reshape(values, [to, from]), size: to };
      };
      return [multiplyAxes(onnx, names[0]!, inputs[0]!.shape, [matrix(1), matrix(2)])];
    },
  };
}

function resizeGradient(weights: Weights): Kernel {
  return {
    inputs: ['images', 'dy'],
    note: "by the transposed matrices; of half pixel centers tfjs's gradient knows nothing, nor does this",
    infer: ([images]) => [{ shape: images!.shape, dtype: 'float32' }],
    lower: ({ onnx, names, inputs, attributes: { alignCorners } }) => {
      const [images, dy] = inputs;
      const transposed = (axis: number): Matrix => {
        const [from, to] = [images!.shape[axis]!, dy!.shape[axis]!];
        const values = onnx.vector(weights(from, to, { alignCorners }), 'float32');
        const matrix = onnx.reshape(values, [to, from]);
        return { name: onnx.node('Transpose', [matrix], { perm: [1, 0] }), size: from };
      };
      return [multiplyAxes(onnx, names[1]!, dy!.shape, [transposed(1), transposed(2)])];
    },
  };
}

/** Images in another size, and the gradients. */
export const resizeKernels: KernelTable = {
  ResizeBilinear: resize(bilinear),
  ResizeBilinearGrad: resizeGradient(bilinear),
  ResizeNearestNeighbor: resize(nearest),
  ResizeNearestNeighborGrad: resizeGradient(nearest),
};
