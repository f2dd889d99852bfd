import { constantValue } from '../../graph/graph';
import type { Value } from '../../graph/graph';
import type { Rule } from '../../graph/rewrite';
import { convolutionRole, isTransformed, transformedAxes } from './convolution-task';
import type { ConvolutionTask } from './convolution-task';
import { isSpectral } from './cost';
import { fourierAlgorithm } from './fourier-algorithm';
import type { BilinearAlgorithm, Matrix } from './fourier-algorithm';
import { fromPositions, layoutOf, toPositions } from './layout';
import type { Layout } from './layout';
import { product, reshape, transpose } from './nodes';

/** The constants of an algorithm as values of the graph. */
type Matrices = Readonly<Record<keyof BilinearAlgorithm, Value>>;

/**
 * A rule that computes convolutions with stride 1, and their gradients, in the frequency domain, where that is less work: a
 * product of a constant matrix with each operand, a product of matrices at each frequency, and a constant matrix again.
 *
 * A result and its gradients have the same transforms. They come out as equal nodes, which `share-common` makes one: a
 * training step transforms x, the filter and dy once each. At each frequency they give $X^T$, $W^T$ and $dY$, and no product transposes
 * an operand, for which the runtime takes a third longer: $Y^T = W^T X^T$, $dX = dY\, W^T$ and $dW = X^T dY$.
 *
 * Made anew for each graph, for which it keeps the constants.
 *
 * @param chosen - which convolutions to rewrite; by default those that get cheaper
 */
export function spectralConvolutions(chosen: (task: ConvolutionTask) => boolean = isSpectral): Rule {
  const known = new Map<string, Matrices>();
  return (node) => {
    const role = convolutionRole(node);
    if (role === undefined || !chosen(role.task)) return undefined;
    const { task } = role;
    const { ofInput, ofFilter, toOutput } = matricesOf(task, known);
    const { batch, axes, inChannels, outChannels } = task;
    const [height, width] = axes;
    const turned = axes.map(isTransformed);
    const xShape = [batch, height.inputs, width.inputs, inChannels];
    const yShape = [batch, height.outputs, width.outputs, outChannels];

    const frequenciesOfFilter = (filter: Value): Value => {
      const taps = height.taps * width.taps;
      const byOutput = transpose(reshape(filter, [taps, inChannels, outChannels]), [0, 2, 1]);
      const flat = product(ofFilter, reshape(byOutput, [taps, outChannels * inChannels]));
      return reshape(flat, [ofFilter.shape[0]!, outChannels, inChannels]);
    };
    const frequenciesOfX = (x: Value) => frequenciesOf(x, layoutOf(xShape, turned, 'channels'), ofInput);
    const frequenciesOfDy = (dy: Value) =>
      frequenciesOf(dy, layoutOf(yShape, turned, 'examples'), toOutput, { transposed: true });
    switch (role.result) {
      case 'y': {
        const y = product(frequenciesOfFilter(role.filter), frequenciesOfX(role.x));
        return [positionsOf(y, layoutOf(yShape, turned, 'channels'), toOutput)];
      }
      case 'dx': {
        const dx = product(frequenciesOfDy(role.dy), frequenciesOfFilter(role.filter));
        return [positionsOf(dx, layoutOf(xShape, turned, 'examples'), ofInput, { transposed: true })];
      }
      case 'dfilter': {
        const dw = product(frequenciesOfX(role.x), frequenciesOfDy(role.dy));
        const flat = reshape(dw, [dw.shape[0]!, inChannels * outChannels]);
        return [reshape(product(ofFilter, flat, { transposeA: true }), node.outputs[0]!.shape)];
      }
    }
  };
}

interface MatrixOptions {
  /** Whether the matrix of constants is transposed. */
  readonly transposed?: boolean;
}

/** `[products, ...]` from images: the matrices of a layout. */
function frequenciesOf(
  x: Value,
  layout: Layout,
  matrix: Value,
  { transposed = false }: MatrixOptions = {},
): Value {
  const transform = product(matrix, toPositions(x, layout), { transposeA: transposed });
  return reshape(transform, [transform.shape[0]!, ...layout.matrix]);
}

/** The way back. */
function positionsOf(
  frequencies: Value,
  layout: Layout,
  matrix: Value,
  { transposed = false }: MatrixOptions = {},
): Value {
  const flat = reshape(frequencies, [frequencies.shape[0]!, layout.rest * layout.channels]);
  return fromPositions(product(matrix, flat, { transposeA: transposed }), layout);
}

function matricesOf(task: ConvolutionTask, known: Map<string, Matrices>): Matrices {
  const axes = transformedAxes(task);
  const key = JSON.stringify(axes);
  const made = known.get(key);
  if (made !== undefined) return made;
  const { ofInput, ofFilter, toOutput } = fourierAlgorithm(axes);
  const matrices = { ofInput: constant(ofInput), ofFilter: constant(ofFilter), toOutput: constant(toOutput) };
  known.set(key, matrices);
  return matrices;
}

function constant(matrix: Matrix): Value {
  const shape = [matrix.length, matrix[0]!.length];
  return constantValue(Float32Array.from(matrix.flat()), shape, 'float32');
}
