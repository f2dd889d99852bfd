import { describeCompiled } from '@dgm/testing';
import { models as autoregressiveModels } from '../../arm/test/arm.cases';
import { continuousTimeModels } from '../../flows/test/continuous.cases';
import {
  autoregressiveModels as autoregressiveFlows,
  continuousModels,
  integerImageModels,
  integerModels,
  multiscaleModels,
} from '../../flows/test/models.cases';
import { residualModels } from '../../flows/test/residual.cases';
import { priors } from '../../priors/test/priors.cases';
import { codeModels } from '../../vae/test/latent-codes.cases';
import { posteriorModels } from '../../vae/test/posteriors.cases';
import { compiled } from '../src/index';

// Every model that a family's contract is tested with.
describeCompiled(
  {
    ...autoregressiveModels,
    ...autoregressiveFlows,
    ...continuousModels,
    ...integerModels,
    ...integerImageModels,
    ...multiscaleModels,
    ...residualModels,
    ...continuousTimeModels,
    ...priors,
    ...posteriorModels,
    ...codeModels,
  },
  { engine: compiled },
);
