// mixtures
export { BaseMixturePrior } from './mixture/base-mixture-prior';
export type { MixturePriorOptions } from './mixture/base-mixture-prior';
export { gtmPrior } from './mixture/gtm-prior';
export type { GtmPriorOptions } from './mixture/gtm-prior';
export { gtmVampPrior } from './mixture/gtm-vamp-prior';
export type { GtmVampPriorOptions } from './mixture/gtm-vamp-prior';
export { latentGrid } from './mixture/latent-grid';
export type { LatentGridOptions } from './mixture/latent-grid';
export { mixtureOfGaussiansPrior } from './mixture/mixture-of-gaussians-prior';
export type { MixtureOfGaussiansPriorOptions } from './mixture/mixture-of-gaussians-prior';
export { dataPseudoInputs, meanPseudoInputs, randomPseudoInputs } from './mixture/pseudo-inputs';
export type { PseudoInputs } from './mixture/pseudo-inputs';
export { vampPrior } from './mixture/vamp-prior';
export type { PseudoInputPrior, VampPriorOptions } from './mixture/vamp-prior';

// of other models
export { modelPrior } from './model-prior';

// by rejection
export { resampledPrior } from './resampled-prior';
export type { ResampledPrior, ResampledPriorOptions } from './resampled-prior';

// the encoder, and analysis
export { aggregatedPosterior } from './aggregated-posterior';
export type { AggregatedPosteriorOptions } from './aggregated-posterior';
export type { Encoder } from './encoder';

// model files
export { modelParts } from './model-parts';
