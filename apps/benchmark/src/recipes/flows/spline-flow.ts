import {
  ActivationLayer,
  adam,
  BaseLayer,
  cosineSchedule,
  Dense,
  Dropout,
  Residual,
  Sequential,
} from '@dgm/core';
import type { Bijector, Key, Layer } from '@dgm/core';
import { alternatingMask, Coupling, flow, LuLinear, oppositeMask, rationalQuadraticSpline } from '@dgm/flows';
import type { Mask } from '@dgm/flows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Experiment, RecipeTask } from '../shared/recipe';
import { rescaled } from './rescaled';

const STEPS = 200_000;
const BATCH_SIZE = 128;
const BINS = 4;
/** What the splines' softplus, which adds a smallest slope of 1e-3, takes to a slope of 1. */
const RAW_SLOPE_OF_ONE = Math.log(Math.expm1(1 - 1e-3));

/**
 * RQ-NSF (C) as it was published for MINIBOONE: the best of 200000 steps on the validation rows.
 *
 * The authors' program (bayesiains/nsf: `experiments/uci.py`, `nn/resnet.py`, `nde/transforms/`) has the optimizer, its schedule, the
 * clipping, the number of updates and of layers and their order, the interval of the splines and where everything starts. One
 * block of 32 units, four bins, dropout of 0.2 and batches of 128 are not its defaults, and no file of it names them: they are
 * from the paper's appendix.
 *
 * Other than there: validation once an epoch, on all rows; a smaller last batch in each epoch; and linear layers that
 * permute after their triangles and not before, with scales that are $e^l$ and not a softplus.
 * @see Neural Spline Flows (Durkan et al., 2019), §5.1 and appendix B.1
 */
export function splineFlowOfTables({ dataset: { train }, key, quick, width }: RecipeTask): Experiment {
  const dims = train.shape[0]!;
  const layers = Array.from({ length: quick ? 2 : 10 }, (_, index) =>
    splineStep({ dims, index, hidden: width ?? (quick ? 8 : 32), key: key.fold(index) }),
  );
  return {
    model: flow({ layers: [new LuLinear({ features: dims, key: key.fold('last') }), ...layers.flat()] }),
    training: {
      optimizer: adam({ learningRate: cosineSchedule(3e-4, { steps: STEPS }) }),
      batchSize: BATCH_SIZE,
      epochs: Math.ceil(STEPS / Math.ceil(train.count / BATCH_SIZE)),
      clipNorm: 5,
    },
  };
}

interface StepOptions {
  readonly dims: number;
  readonly index: number;
  readonly hidden: number;
  readonly key: Key;
}

/** On the way to the latents: a linear map, splines for half of the elements, given the others, and splines for those. */
function splineStep({ dims, index, hidden, key }: StepOptions): readonly Bijector[] {
  const smallestShare = 1e-3 * BINS;
  const transformer = rationalQuadraticSpline({ bins: BINS, minimum: -3, maximum: 3, smallestShare });
  const mask = index % 2 === 0 ? alternatingMask(dims) : oppositeMask(alternatingMask(dims));
  const others = oppositeMask(mask);
  const outputs = (mask: Mask): number => changedBy(mask) * transformer.numParameters;
  const network = residualNetwork({ inputs: changedBy(others), hidden, outputs: outputs(mask), key });
  const constant = new Constant({ outputs: outputs(others), key: key.fold('constant') });
  return [
    new Coupling({ mask: others, network: new Sequential([constant, asSpline(1)]), transformer }),
    new Coupling({ mask, network: new Sequential([network, asSpline(1 / Math.sqrt(hidden))]), transformer }),
    new LuLinear({ features: dims, key: key.fold('linear') }),
  ];
}

const changedBy = (mask: Mask): number => mask.filter((stays) => !stays).length;

/** The parameters of a spline out of the authors': they scale logits down for wide networks, and slopes of 0 are not 1 to them. */
function asSpline(logitScale: number): Layer {
  const [logits, slopes] = [2 * BINS, BINS - 1];
  const each = (ofLogits: number, ofSlopes: number): number[] =>
    Array.from({ length: logits + slopes }, (_, index) => (index < logits ? ofLogits : ofSlopes));
  return rescaled(each(logitScale, 1), each(0, -RAW_SLOPE_OF_ONE));
}

interface NetworkOptions {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly key: Key;
}

/** One residual block, with dropout, between two linear layers. It starts near 0. */
function residualNetwork({ inputs, hidden, outputs, key }: NetworkOptions): Layer {
  const linear = (sizes: { inputs: number; outputs: number }, name: string) =>
    new Dense({ ...sizes, key: key.fold(name) });
  const last = linear({ inputs: hidden, outputs: hidden }, 'second');
  const body = new Sequential([
    new ActivationLayer('relu'),
    linear({ inputs: hidden, outputs: hidden }, 'first'),
    new ActivationLayer('relu'),
    new Dropout({ rate: 0.2 }),
    last,
  ]);
  for (const [path, variable] of last.parameters()) {
    const range = { min: -1e-3, max: 1e-3 };
    tf.tidy(() => variable.assign(key.fold('near zero').fold(path).uniform(variable.shape, range)));
  }
  return new Sequential([
    linear({ inputs, outputs: hidden }, 'inputs'),
    new Residual({ body }),
    linear({ inputs: hidden, outputs }, 'outputs'),
  ]);
}

/** Numbers that depend on nothing: learned, and uniform on [0, 1) to begin with. */
class Constant extends BaseLayer {
  readonly #values: Variable;

  constructor({ outputs, key }: { readonly outputs: number; readonly key: Key }) {
    super();
    this.#values = this.parameter('values', key.uniform([1, outputs]));
  }

  protected forward(x: Tensor): Tensor {
    return tf.tile(this.#values, [x.shape[0]!, 1]);
  }
}
