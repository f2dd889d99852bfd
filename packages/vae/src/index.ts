export { elboTerms, logImportanceWeights } from './elbo';
export type { LatentVariableModel, Regularizer } from './elbo';
export { vae } from './vae';
export type { Vae, VaeOptions } from './vae';
