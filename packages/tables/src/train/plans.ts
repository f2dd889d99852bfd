import type { Key } from '@dgm/core';
import type { TableCodec } from '../codec/table-codec';
import { AnyOrderNetwork } from '../model/any-order-network';
import { layoutOf } from '../model/layout';
import { maskRows, type MaskedRows } from '../model/masks';
import type { ModelKind } from '../table/row-model';
import type { NetworkPlan, Recipe } from './train-network';

/** The values of the rows of each column. */
export interface TrainingRows {
  readonly codec: TableCodec;
  readonly train: readonly Float64Array[];
  readonly validation: readonly Float64Array[];
}

type Size = Pick<Recipe, 'hidden' | 'blocks' | 'dropout'> & { readonly key: Key };
type Plan<B> = Omit<NetworkPlan<B>, 'recipe'>;

/** How networks of each kind are built, and what of the rows they are trained on. */
export const PLANS: Readonly<
  Record<Exclude<ModelKind, 'trees'>, (rows: TrainingRows, size: Size) => Promise<Plan<never>>>
> = {
  'any-order': (rows, size) => Promise.resolve(anyOrder(rows, size) as Plan<never>),
};

function anyOrder({ codec, train, validation }: TrainingRows, size: Size): Plan<MaskedRows> {
  const { hidden, blocks, dropout, key } = size;
  return {
    build: () => new AnyOrderNetwork(codec, { hidden, blocks, dropout, key }),
    data: { train: codec.examples(train), validation: codec.examples(validation) },
    batch: maskRows(layoutOf(codec)),
  };
}
