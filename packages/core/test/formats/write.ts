/**
 * Keeps what this version of core writes, so that later versions can show that they read it. A release calls it:
 *
 *   npx tsx test/formats/write.ts [version]
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fit, saveWeights, setup } from '@dgm/core';
import { fileStore, saveModel } from '@dgm/core/node';
import { EPOCHS_KEPT, STORED_CARD, storedModel, storedRun } from './run';

const manifest = fileURLToPath(new URL('../../package.json', import.meta.url));
const { version: current } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
const version = process.argv[2] ?? current;
const folder = fileURLToPath(new URL(`./${version}`, import.meta.url));

await setup({ backend: 'cpu' });
const { model, data, options } = storedRun(EPOCHS_KEPT);
await mkdir(folder, { recursive: true });
const { curve } = await fit(model, data, { ...options, checkpoint: { store: fileStore(`${folder}/store`) } });
await writeFile(`${folder}/weights.safetensors`, await saveWeights(model));
const weights = Object.fromEntries([...model.parameters()].map(([path, value]) => [path, value.arraySync()]));
await writeFile(`${folder}/expected.json`, JSON.stringify({ weights, curve }));
await saveModel(storedModel(), `${folder}/model.dgm`, { card: STORED_CARD });
console.log(`wrote ${folder}`);
