import type { ModelParts } from '@dgm/core';
import { energyModel, jointEnergyModel } from './energy/energy-model';
import { rbm } from './rbm/rbm';
import { bernoulliUnits, categoricalUnits, gaussianUnits } from './rbm/units';
import { ORIGIN } from './record';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    rbm,
    bernoulliUnits,
    categoricalUnits,
    gaussianUnits,
    energyModel,
    jointEnergyModel,
  },
};
