// Prints what codecs of the benchmark's models take for the test digits, on one core, as a table of the README of @dgm/compress:
//
//   npx tsx --tsconfig ../../tsconfig.json scripts/codec-speed.ts [images] [data-dir]
//
// Codecs run in plain JavaScript, whatever engine trained the model, and a program takes as long whatever its weights are. So models
// are those of `dgm-bench run` before training.
import { codecOf } from '@dgm/compress';
import type { Codec, LossyCodec } from '@dgm/compress';
import { Key, setup } from '@dgm/core';
import { head, loadDataset } from '../src/datasets/datasets';
import { discoverFamilies, selectCandidates } from '../src/families';

const MODELS = [
  'arm-wavenet',
  'idf',
  'idf-image',
  'vae',
  'vae-two-level',
  'vae-top-down',
  'vae-iaf-standard',
  'neural-compressor',
];

/** What a codec takes of one core, in seconds: it has no threads, and other programs do not count. */
function timed<T>(act: () => T): { readonly result: T; readonly seconds: number } {
  act(); // for the optimizing compiler
  const before = process.cpuUsage();
  const result = act();
  return { result, seconds: process.cpuUsage(before).user / 1e6 };
}

const perSecond = (count: number, seconds: number): string =>
  Number((count / seconds).toPrecision(2)).toString();

const [count = '32', folder] = process.argv.slice(2);
await setup({ backend: 'cpu' });
const digits = await loadDataset('digits', { folder, quick: false });
const { values } = head(digits.test, Number(count));
const images = Int32Array.from(values);
const { candidates } = await discoverFamilies();
console.log('| model | method | model, kB | encoded a second | decoded a second |');
console.log('| --- | --- | ---: | ---: | ---: |');
for (const { entry } of selectCandidates(candidates, MODELS, 'codec-speed')) {
  const { model } = await entry.create({ dataset: digits, key: Key.of(0), quick: false });
  const codec: Codec | LossyCodec = codecOf(model);
  model.dispose();
  const encoded = timed(() => codec.encode(images));
  const decoded = timed(() => codec.decode(encoded.result));
  const kilobytes = Math.round(codec.toBytes().length / 1000);
  const speeds = [encoded, decoded].map(({ seconds }) => perSecond(Number(count), seconds));
  console.log(`| \`${entry.name}\` | ${codec.method} | ${kilobytes} | ${speeds.join(' | ')} |`);
}
