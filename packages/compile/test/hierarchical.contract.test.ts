import { describeCompiled } from '@dgm/testing';
import { hierarchicalModels } from '../../vae/test/hierarchical.cases';
import { compiled } from '../src/index';

// Levels of latent variables, whose draws depend on each other.
describeCompiled(hierarchicalModels, { engine: compiled });
