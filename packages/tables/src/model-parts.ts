import type { ModelParts } from '@dgm/core';
import { chainOfTrees } from './baselines/chain-of-trees';
import { tableCodec } from './codec/table-codec';
import { AnyOrderNetwork } from './model/any-order-network';
import { RowFeatures } from './model/row-features';
import { rowHead } from './model/row-head';
import { ORIGIN } from './record';
import { tableModel } from './table/table-model';
import { dequantizedRows } from './whole/dequantized-rows';
import { latentRows } from './whole/latent-rows';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    AnyOrderNetwork,
    chainOfTrees,
    dequantizedRows,
    latentRows,
    RowFeatures,
    rowHead,
    tableCodec,
    tableModel,
  },
};
