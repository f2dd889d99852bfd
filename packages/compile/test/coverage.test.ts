import { describeCoverage } from '@dgm/testing';
import * as exports from '../src/index';

describeCoverage({
  exports,
  tables: [],
  testedIn: {
    printGraph: 'test/print.test.ts',
    topologicalOrder: 'test/print.test.ts',
    auto: 'test/auto.test.ts',
    capture: 'test/compile.test.ts',
    compile: 'test/compile.test.ts',
    compileSampler: 'test/compile-sampler.test.ts',
    compiled: 'test/compiled.contract.test.ts',
    describeRuntime: 'test/devices.test.ts',
    exportFunction: 'test/export.test.ts',
    exportOnnx: 'test/export.test.ts',
    exportSampler: 'test/export-samplers.test.ts',
  },
});
