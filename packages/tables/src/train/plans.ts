import {
  disposeOnThrow,
  gatherExamples,
  Independent,
  Logistic,
  normalHead,
  residualMlp,
  Sequential,
  type Key,
} from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { TableCodec } from '../codec/table-codec';
import { AnyOrderNetwork } from '../model/any-order-network';
import { layoutOf } from '../model/layout';
import { maskRows, type MaskedRows } from '../model/masks';
import { RowFeatures } from '../model/row-features';
import { rowExamples, rowHead } from '../model/row-head';
import type { ModelKind } from '../table/row-model';
import {
  columnShares,
  dequantizedRows,
  intervalExamples,
  SCALE,
  sharesOf,
  type VectorModel,
} from '../whole/dequantized-rows';
import { latentRows } from '../whole/latent-rows';
import type { NetworkPlan, Recipe } from './train-network';

/** The values of the rows of each column. */
export interface TrainingRows {
  readonly codec: TableCodec;
  readonly train: readonly Float64Array[];
  readonly validation: readonly Float64Array[];
}

type Size = Pick<Recipe, 'hidden' | 'blocks' | 'dropout'> & { readonly key: Key };
type Plan<B> = Omit<NetworkPlan<B>, 'recipe'>;

/** How networks of each kind are built, and what of the rows they are trained on. A family is loaded when it is trained. */
export const PLANS: Readonly<
  Record<Exclude<ModelKind, 'trees'>, (rows: TrainingRows, size: Size) => Promise<Plan<never>>>
> = {
  'any-order': (rows, size) => Promise.resolve(anyOrder(rows, size) as Plan<never>),
  vae: (rows, size) => latent(rows, size) as Promise<Plan<never>>,
  flow: async (rows, size) => {
    const { neuralSplineFlow } = await import('@dgm/flows');
    const { hidden, blocks, dropout, key } = size;
    const dims = rows.codec.width;
    return dequantized(rows, () =>
      neuralSplineFlow({
        ...{ dims, kind: 'autoregressive', layers: 3, dropout, key },
        hidden: new Array<number>(blocks).fill(hidden),
        spline: { bins: 16 },
        // Columns that do not depend on each other.
        base: new Independent(new Logistic(0, SCALE, { shape: [dims] }), 1),
      }),
    ) as Plan<never>;
  },
  diffusion: async (rows, size) => {
    const { gaussianDiffusion, learnedSchedule, mlpDenoiser } = await import('@dgm/diffusion');
    const { hidden, blocks, dropout, key } = size;
    const shape = [rows.codec.width];
    return dequantized(rows, () =>
      gaussianDiffusion({
        shape,
        network: mlpDenoiser({ shape, features: hidden, blocks, dropout, key }),
        schedule: learnedSchedule(),
      }),
    ) as Plan<never>;
  },
};

function anyOrder({ codec, train, validation }: TrainingRows, size: Size): Plan<MaskedRows> {
  const { hidden, blocks, dropout, key } = size;
  return {
    build: () => new AnyOrderNetwork(codec, { hidden, blocks, dropout, key }),
    data: { train: codec.examples(train), validation: codec.examples(validation) },
    batch: maskRows(layoutOf(codec)),
  };
}

/** More latents than this say no more. */
const MOST_LATENTS = 32;

async function latent({ codec, train, validation }: TrainingRows, size: Size): Promise<Plan<Tensor>> {
  const { vae } = await import('@dgm/vae');
  const { hidden, blocks, dropout, key } = size;
  const latents = Math.min(2 * codec.width, MOST_LATENTS);
  const build = () => {
    const input = new RowFeatures(codec, { key: key.fold('input') });
    const posterior = normalHead({ shape: [latents] });
    const likelihood = rowHead(codec);
    const network = (name: string, inputs: number, outputs: number) =>
      residualMlp({ inputs, outputs, features: hidden, blocks, dropout, key: key.fold(name) });
    const encoder = new Sequential([input, network('encoder', input.outputs, posterior.numParameters)]);
    const decoder = network('decoder', latents, likelihood.numParameters);
    return latentRows(codec, vae({ encoder, decoder, posterior, likelihood }));
  };
  return {
    build: () => disposeOnThrow(build),
    data: { train: rowExamples(codec, train), validation: rowExamples(codec, validation) },
    batch: gatherExamples,
  };
}

function dequantized({ codec, train, validation }: TrainingRows, density: () => VectorModel): Plan<Tensor> {
  const shares = columnShares(codec, train);
  const columns = sharesOf(codec, shares);
  return {
    build: () => disposeOnThrow(() => dequantizedRows(codec, shares, density())),
    data: { train: intervalExamples(columns, train), validation: intervalExamples(columns, validation) },
    batch: gatherExamples,
  };
}
