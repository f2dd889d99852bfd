import type { ModelParts } from '@dgm/core';
import { aggregatedPosterior } from './aggregated-posterior';
import { gtmPrior } from './mixture/gtm-prior';
import { gtmVampPrior } from './mixture/gtm-vamp-prior';
import { mixtureOfGaussiansPrior } from './mixture/mixture-of-gaussians-prior';
import { randomPseudoInputs } from './mixture/pseudo-inputs';
import { vampPrior } from './mixture/vamp-prior';
import { modelPrior } from './model-prior';
import { ORIGIN } from './record';
import { resampledPrior } from './resampled-prior';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    gtmPrior,
    gtmVampPrior,
    mixtureOfGaussiansPrior,
    randomPseudoInputs,
    vampPrior,
    modelPrior,
    resampledPrior,
    aggregatedPosterior,
  },
};
