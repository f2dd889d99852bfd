import { describeCoverage } from '@dgm/testing';
import * as exports from '../src/index';
import { models } from './arm.cases';
import { layers } from './layers.cases';

describeCoverage({
  exports,
  tables: [models, layers],
  testedIn: {
    AutoregressiveModel: 'test/sampling.test.ts',
    BaseCausalLayer: 'test/own-model.test.ts',
    ImageNetwork: 'test/own-model.test.ts',
    SequenceNetwork: 'test/own-model.test.ts',
    rasterOrder: 'test/causality.test.ts',
    valueEncoding: 'test/own-model.test.ts',
    zigZagOrder: 'test/sampling.test.ts',
  },
});
