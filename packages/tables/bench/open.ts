/**
 * How long a program that has just started takes to open a model file: `npx tsx --tsconfig ../../tsconfig.json bench/open.ts FILE`.
 * Prints JSON. Loading the modules is not part of it.
 */
import { countParameters, setup } from '@dgm/core';
import { loadModel } from '@dgm/core/node';
import * as tables from '../src/index';

await setup({ backend: 'cpu' });
const started = performance.now();
const { model } = await loadModel<tables.TableModel>(process.argv[2]!, { packages: [tables] });
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ seconds, weights: countParameters(model) }));
