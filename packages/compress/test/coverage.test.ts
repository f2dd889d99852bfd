import { describeCoverage } from '@dgm/testing';
import * as exports from '../src/index';

describeCoverage({
  exports,
  tables: [],
  testedIn: {
    AdaptiveTable: 'src/coders/coders.test.ts',
    FrequencyTable: 'src/coders/coders.test.ts',
    HuffmanCode: 'src/coders/coders.test.ts',
    RangeDecoder: 'src/coders/coders.test.ts',
    RangeEncoder: 'src/coders/coders.test.ts',
    RansStack: 'src/coders/coders.test.ts',
    frequencies: 'src/coders/coders.test.ts',
    huffmanLengths: 'src/coders/coders.test.ts',
    ransDecode: 'src/coders/coders.test.ts',
    ransEncode: 'src/coders/coders.test.ts',
  },
});
