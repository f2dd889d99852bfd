import { describeModel } from '@dgm/testing';
import { hierarchicalModels } from './hierarchical.cases';

describeModel(hierarchicalModels);
