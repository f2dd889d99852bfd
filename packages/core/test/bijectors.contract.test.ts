import { describeBijector } from '@dgm/testing';
import { bijectors } from './bijectors.cases';

describeBijector(bijectors);
