import type { ModelParts } from '@dgm/core';
import { ddgm } from './ddgm';
import { flowMatching } from './flow-matching';
import { gaussianDiffusion } from './gaussian-diffusion';
import { maskedDiffusion } from './masked-diffusion';
import { convDenoiser, Denoiser, mlpDenoiser, uNetDenoiser } from './networks/denoiser';
import { fourierEntries, maskedEntries, plainEntries } from './networks/entry-features';
import { probabilityFlow } from './probability-flow';
import { scoreMatching } from './score-matching';
import { meanFlow } from './mean-flow';
import { subVariancePreservingSchedule, varianceExplodingSchedule } from './schedule';
import { annealedLangevin, predictorCorrector } from './samplers';
import { ORIGIN } from './record';
import { ancestral, ddim, dpmSolver, heun } from './samplers';
import {
  cosineNoiseSchedule,
  edmSchedule,
  learnedSchedule,
  linearBetaSchedule,
  logSnrSchedule,
  sigmoidNoiseSchedule,
} from './schedule';

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
    probabilityFlow,
    scoreMatching,
    meanFlow,
    subVariancePreservingSchedule,
    varianceExplodingSchedule,
    annealedLangevin,
    predictorCorrector,
  },
};
