import type { BackendName } from '@dgm/core';
import { describeBackends } from '@dgm/testing';
import type { CompiledCase, CompiledTable } from '@dgm/testing';
import { models as autoregressiveModels } from '../../arm/test/arm.cases';
import { models as diffusionModels } from '../../diffusion/test/models.cases';
import { models as energyBasedModels } from '../../ebm/test/models.cases';
import {
  autoregressiveModels as autoregressiveFlows,
  continuousModels,
  integerModels,
  multiscaleModels,
} from '../../flows/test/models.cases';
import { residualModels } from '../../flows/test/residual.cases';
import { priors } from '../../priors/test/priors.cases';
import { hierarchicalModels } from '../../vae/test/hierarchical.cases';
import { codeModels } from '../../vae/test/latent-codes.cases';
import { posteriorModels } from '../../vae/test/posteriors.cases';

const first = (table: CompiledTable): [string, () => CompiledCase] => Object.entries(table)[0]!;

// TensorFlow's backend is optional, so it is compared where the suite runs on it.
const backends: BackendName[] = ['cpu', 'wasm'];
if (process.env['DGM_BACKEND'] === 'tensorflow') backends.push('tensorflow');

// A model of each kind; every model meets its family's contract on each backend.
describeBackends(
  Object.fromEntries([
    first(autoregressiveModels),
    first(continuousModels),
    first(multiscaleModels),
    first(autoregressiveFlows),
    first(integerModels),
    first(residualModels),
    first(priors),
    first(posteriorModels),
    first(hierarchicalModels),
    first(codeModels),
    first(diffusionModels),
    first(energyBasedModels),
  ]),
  backends,
);
