import { describeLayer, describeModel } from '@dgm/testing';
import { models } from './arm.cases';
import { layers } from './layers.cases';

describeModel(models);
describeLayer(layers);
