import type { ModelParts } from '@dgm/core';
import { consistencyModel } from './consistency-model';
import { ddgm } from './ddgm';
import { flowMatching } from './flow-matching';
import { gaussianDiffusion } from './gaussian-diffusion';
import { latentDiffusion } from './latent-diffusion';
import { maskedDiffusion } from './masked-diffusion';
import { meanFlow } from './mean-flow';
import { multinomialDiffusion } from './multinomial-diffusion';
import { convDenoiser } from './networks/conv-denoiser';
import { Denoiser } from './networks/denoiser';
import { mlpDenoiser } from './networks/mlp-denoiser';
import { sequenceDenoiser } from './networks/sequence-denoiser';
import { transformerDenoiser } from './networks/transformer-denoiser';
import { uNetDenoiser } from './networks/u-net-denoiser';
import { fourierEntries, maskedEntries, oneHotEntries, plainEntries } from './networks/entry-features';
import { probabilityFlow } from './probability-flow';
import { ORIGIN } from './record';
import { ancestral, annealedLangevin, ddim, dpmSolver, heun, predictorCorrector } from './samplers';
import {
  cosineNoiseSchedule,
  edmSchedule,
  learnedSchedule,
  linearBetaSchedule,
  logSnrSchedule,
  sigmoidNoiseSchedule,
  subVariancePreservingSchedule,
  varianceExplodingSchedule,
} from './schedule';
import { scoreMatching } from './score-matching';
import { stochasticInterpolant } from './stochastic-interpolant';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    ddgm,
    gaussianDiffusion,
    maskedDiffusion,
    flowMatching,
    logSnrSchedule,
    learnedSchedule,
    cosineNoiseSchedule,
    linearBetaSchedule,
    sigmoidNoiseSchedule,
    edmSchedule,
    ddim,
    ancestral,
    dpmSolver,
    heun,
    convDenoiser,
    Denoiser,
    mlpDenoiser,
    uNetDenoiser,
    fourierEntries,
    maskedEntries,
    plainEntries,
    oneHotEntries,
    sequenceDenoiser,
    transformerDenoiser,
    multinomialDiffusion,
    latentDiffusion,
    probabilityFlow,
    scoreMatching,
    meanFlow,
    consistencyModel,
    stochasticInterpolant,
    subVariancePreservingSchedule,
    varianceExplodingSchedule,
    annealedLangevin,
    predictorCorrector,
  },
};
