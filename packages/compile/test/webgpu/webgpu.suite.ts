import { compiledChecks, describeCompiled } from '@dgm/testing';
import { it } from 'vitest';
import { compiled } from '../../src/index';
import { models, networks } from '../compiled.cases';

const engine = () => compiled({ device: 'webgpu' });
const convolutions = 'Conv2d and ConvTranspose2d';
describeCompiled({ [convolutions]: networks[convolutions]! }, { engine });

// One check is enough: in software, a session of this size takes seconds to compile its shaders.
const check = 'trains to the terms and variables of the eager engine, also by smaller batches';
const chosen = ['vae (categorical)', 'Conv1d (causal, dilated)'];
it.each(chosen)(`${check}: %s`, async (name) => {
  await compiledChecks[check]!({ ...models, ...networks }[name]!(), engine);
});
