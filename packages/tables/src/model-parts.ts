import type { ModelParts } from '@dgm/core';
import { chainOfTrees } from './baselines/chain-of-trees';
import { tableCodec } from './codec/table-codec';
import { AnyOrderNetwork } from './model/any-order-network';
import { ORIGIN } from './record';
import { tableModel } from './table/table-model';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    AnyOrderNetwork,
    chainOfTrees,
    tableCodec,
    tableModel,
  },
};
