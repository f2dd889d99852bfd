import { describeModel } from '@dgm/testing';
import { models } from './arm.cases';

describeModel(models);
