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
import type { Benchmark, BenchmarkTask, BenchmarkTraining, Key, Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { firstRows } from './benchmark-rows';
import type { ChainPart } from './chain';
import { Coupling } from './coupling/coupling';
import { alternatingMask, oppositeMask, type Mask } from './coupling/masks';
import { flow } from './flow';
import { LuLinear } from './linear/lu-linear';
import { maf } from './models/autoregressive-flows';
import { rationalQuadraticSpline } from './transformers/rational-quadratic-spline';

/** For MAF and Real NVP. They also had an L2 penalty of 1e-6, which is left out here. */
export const trainingOfTables: BenchmarkTraining = {
  optimizer: adam({ learningRate: 1e-4 }),
  batchSize: 100,
  epochs: 1000,
  earlyStopping: { patience: 30 },
};

/**
 * MAF (5) as it was published for MINIBOONE, with the larger of its two networks, but with activation normalization where
 * the authors had batch normalization.
 * @see Masked Autoregressive Flow for Density Estimation (Papamakarios et al., 2017), §4.1 and supplement D
 */
export function mafOfTables({ dataset: { train }, key, quick, width }: BenchmarkTask): Benchmark {
  const units = width ?? (quick ? 16 : 512);
  const model = maf({ dims: train.shape[0]!, key, layers: 5, hidden: [units, units], actNorm: true });
  tf.tidy(() => model.initialize(firstRows(train)));
  return { model, training: trainingOfTables };
}

const STEPS = 200_000;
const BATCH_SIZE = 128;

/**
 * RQ-NSF (C) as it was published for MINIBOONE: the best of 200000 steps on the validation rows.
 * @see Neural Spline Flows (Durkan et al., 2019), §5.1 and appendix B.1
 */
export function splineFlowOfTables({ dataset: { train }, key, quick, width }: BenchmarkTask): Benchmark {
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
function splineStep({ dims, index, hidden, key }: StepOptions): readonly ChainPart[] {
  const transformer = rationalQuadraticSpline({ bins: 4, minimum: -3, maximum: 3 });
  const mask = index % 2 === 0 ? alternatingMask(dims) : oppositeMask(alternatingMask(dims));
  const others = oppositeMask(mask);
  const outputs = (mask: Mask): number => changedBy(mask) * transformer.numParameters;
  const network = residualNetwork({ inputs: changedBy(others), hidden, outputs: outputs(mask), key });
  return [
    new Coupling({ mask: others, network: new Constant(outputs(others)), transformer }),
    new Coupling({ mask, network, transformer }),
    new LuLinear({ features: dims, key: key.fold('linear') }),
  ];
}

const changedBy = (mask: Mask): number => mask.filter((stays) => !stays).length;

/** One residual block, with dropout, between two linear layers. */
function residualNetwork({
  inputs,
  hidden,
  outputs,
  key,
}: Readonly<Record<'inputs' | 'hidden' | 'outputs', number>> & { readonly key: Key }): Layer {
  const linear = (sizes: { inputs: number; outputs: number }, name: string) =>
    new Dense({ ...sizes, key: key.fold(name) });
  const body = new Sequential([
    new ActivationLayer('relu'),
    linear({ inputs: hidden, outputs: hidden }, 'first'),
    new ActivationLayer('relu'),
    new Dropout({ rate: 0.2 }),
    linear({ inputs: hidden, outputs: hidden }, 'second'),
  ]);
  return new Sequential([
    linear({ inputs, outputs: hidden }, 'inputs'),
    new Residual({ body }),
    linear({ inputs: hidden, outputs }, 'outputs'),
  ]);
}

/** Numbers that depend on nothing: learned, and 0 to begin with. */
class Constant extends BaseLayer {
  readonly #values: Variable;

  constructor(outputs: number) {
    super();
    this.#values = this.parameter('values', tf.zeros([1, outputs]));
  }

  protected forward(x: Tensor): Tensor {
    return tf.tile(this.#values, [x.shape[0]!, 1]);
  }
}
