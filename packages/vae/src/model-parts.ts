import type { ModelParts } from '@dgm/core';
import { autoencoder } from './autoencoders/autoencoder';
import { withLatentDensity } from './autoencoders/latent-density';
import { adversarialPenalty, latentNorm, mmdPenalty } from './autoencoders/latent-penalties';
import { conditionalVae } from './conditional/conditional-vae';
import { gumbelSoftmax } from './discrete/gumbel-softmax';
import { OneHotCategorical } from './discrete/one-hot-categorical';
import { vqVae } from './discrete/vq-vae';
import { auxiliaryVae } from './hierarchical/auxiliary-vae';
import { bottomUpVae } from './hierarchical/bottom-up-vae';
import { downscale } from './hierarchical/downscale';
import { ladderVae, topDownVae } from './hierarchical/top-down-vae';
import { HypersphericalUniform } from './hypersphere/hyperspherical-uniform';
import { VonMisesFisher } from './hypersphere/von-mises-fisher';
import { elboObjective } from './objectives/elbo-objective';
import { iwaeObjective } from './objectives/iwae-objective';
import { fullCovariance } from './posteriors/full-covariance';
import { householder, HouseholderNormal } from './posteriors/householder';
import { vonMisesFisher } from './posteriors/von-mises-fisher';
import { ppca } from './ppca/ppca';
import { ORIGIN } from './record';
import { characteristicVae } from './semi-supervised/characteristic-vae';
import { semiSupervisedVae } from './semi-supervised/semi-supervised-vae';
import { vae } from './vae';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    vae,
    elboObjective,
    iwaeObjective,
    auxiliaryVae,
    bottomUpVae,
    downscale,
    ladderVae,
    topDownVae,
    fullCovariance,
    householder,
    HouseholderNormal,
    HypersphericalUniform,
    VonMisesFisher,
    vonMisesFisher,
    gumbelSoftmax,
    OneHotCategorical,
    vqVae,
    conditionalVae,
    characteristicVae,
    semiSupervisedVae,
    adversarialPenalty,
    latentNorm,
    mmdPenalty,
    autoencoder,
    withLatentDensity,
    ppca,
  },
};
