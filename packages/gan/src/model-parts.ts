import type { ModelParts } from '@dgm/core';
import { densityNetwork } from './density-network/density-network';
import { imageAugmentation, instanceNoise } from './gan/augmentation';
import { biGan } from './gan/bi-gan';
import { cycleGan } from './gan/cycle-gan';
import { energyGan } from './gan/energy-gan';
import { conditionalGan, gan } from './gan/gan';
import { auxiliaryClassifierGan, infoGan } from './gan/info-gan';
import { prescribedGan } from './gan/prescribed-gan';
import { vaeGan } from './gan/vae-gan';
import { hierarchicalImplicitModel } from './implicit/hierarchical-implicit-model';
import { adversarialLoss } from './losses/adversarial-loss';
import { fDivergence } from './losses/f-divergence';
import { gradientPenalty } from './losses/gradient-penalty';
import { mmd, sinkhornDivergence, slicedWasserstein } from './moment-matching/discrepancy';
import { momentMatching } from './moment-matching/moment-matching';
import { ORIGIN } from './record';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    auxiliaryClassifierGan,
    biGan,
    conditionalGan,
    cycleGan,
    energyGan,
    gan,
    hierarchicalImplicitModel,
    infoGan,
    imageAugmentation,
    instanceNoise,
    densityNetwork,
    momentMatching,
    prescribedGan,
    vaeGan,
    mmd,
    sinkhornDivergence,
    slicedWasserstein,
    adversarialLoss,
    fDivergence,
    gradientPenalty,
  },
};
