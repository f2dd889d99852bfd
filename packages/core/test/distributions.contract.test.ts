import { describeDistribution } from '@dgm/testing';
import { distributions } from './distributions.cases';

describeDistribution(distributions);
