import { describeOps } from '@dgm/testing';
import { ops } from './ops.cases';

describeOps(ops);
