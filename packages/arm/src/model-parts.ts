import type { ModelParts } from '@dgm/core';
import { CausalConv1d } from './layers/causal-conv1d';
import { CausalResidual, CausalStack } from './layers/causal-stack';
import { GatedResidualStack } from './layers/gated-residual-stack';
import { LearnedPositions } from './layers/learned-positions';
import { MaskedConv2d } from './layers/masked-conv2d';
import { ShiftedConv2d } from './layers/shifted-conv2d';
import { AutoregressiveModel } from './model/autoregressive-model';
import { ImageNetwork } from './networks/image-network';
import { SequenceNetwork } from './networks/sequence-network';
import { convArm } from './presets/conv-arm';
import { finiteMemory } from './presets/finite-memory';
import { gatedPixelCnn } from './presets/gated-pixel-cnn';
import { made } from './presets/made';
import { madeEnsemble } from './presets/made-ensemble';
import { nade } from './presets/nade';
import { pixelCnn } from './presets/pixel-cnn';
import { recurrentArm } from './presets/recurrent-arm';
import { transformerArm } from './presets/transformer-arm';
import { waveNet } from './presets/wave-net';
import { ORIGIN } from './record';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    convArm,
    finiteMemory,
    gatedPixelCnn,
    made,
    madeEnsemble,
    nade,
    pixelCnn,
    recurrentArm,
    transformerArm,
    waveNet,
    AutoregressiveModel,
    ImageNetwork,
    SequenceNetwork,
    MaskedConv2d,
    ShiftedConv2d,
    CausalConv1d,
    CausalResidual,
    CausalStack,
    GatedResidualStack,
    LearnedPositions,
  },
};
