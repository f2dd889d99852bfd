import { describeLayer } from '@dgm/testing';
import { layers } from './nn.cases';

describeLayer(layers);
