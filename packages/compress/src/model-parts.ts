import type { ModelParts } from '@dgm/core';
import { channelConditionalEntropy } from './lossy/channel-conditional';
import { factorizedEntropy } from './lossy/factorized';
import { hyperpriorEntropy } from './lossy/hyperprior';
import { neuralCompressor } from './lossy/neural-compressor';
import { mixedQuantizer, noiseQuantizer, softQuantizer, straightThroughQuantizer } from './lossy/quantizer';
import { vectorCodebook } from './lossy/vector-codebook';
import { ORIGIN } from './record';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    channelConditionalEntropy,
    factorizedEntropy,
    hyperpriorEntropy,
    mixedQuantizer,
    neuralCompressor,
    noiseQuantizer,
    softQuantizer,
    straightThroughQuantizer,
    vectorCodebook,
  },
};
