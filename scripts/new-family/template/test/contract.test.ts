import { compiled } from '@dgm/compile';
import { describeCompiled, describeCoverage, describeModel } from '@dgm/testing';
import * as exports from '../src/index';
import { models } from './models.cases';

describeModel(models);
describeCompiled(models, { engine: compiled });
describeCoverage({
  exports,
  tables: [models],
  testedIn: { FamilyName: 'src/family-name.test.ts' },
});
