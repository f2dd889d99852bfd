import { describeCompiled } from '@dgm/testing';
import { compiled } from '../src/index';
import { models, networks, optimizers, sequences } from './compiled.cases';

describeCompiled({ ...models, ...networks, ...optimizers, ...sequences }, { engine: compiled });
