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
import { models as adversarialModels } from '../../gan/test/gan.cases';
import { models as hybridModels } from '../../hybrid/test/models.cases';
import { priors } from '../../priors/test/priors.cases';
import { hierarchicalModels } from '../../vae/test/hierarchical.cases';
import { codeModels } from '../../vae/test/latent-codes.cases';
import { posteriorModels } from '../../vae/test/posteriors.cases';

const first = (table: CompiledTable): [string, () => CompiledCase] => Object.entries(table)[0]!;

// TensorFlow's backend is optional, so it is compared where the suite runs on it.
const backends: BackendName[] = ['cpu', 'wasm'];
if (process.env['DGM_BACKEND'] === 'tensorflow') backends.push('tensorflow');

// Every model of the families whose steps differ most: two players, labels, Markov chains, a time of the noise. Of the others
// one of each kind. Every model meets its family's contract on each backend.
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
    ...Object.entries<() => CompiledCase>(adversarialModels),
    ...Object.entries<() => CompiledCase>(hybridModels),
    ...Object.entries<() => CompiledCase>(energyBasedModels),
    ...Object.entries<() => CompiledCase>(diffusionModels),
  ]),
  backends,
);
