import { freeze, Key, loadWeights, mlp, saveWeights, Sequential, setup, summary } from '@dgm/core';

await setup();
const key = Key.of(0);
const encoder = mlp([64, 32], { key });
const file = await saveWeights(encoder); // safetensors; write it where you like

const classifier = new Sequential([mlp([64, 32], { key }), mlp([32, 10], { key: key.fold('head') })]);
const { loaded, missing } = loadWeights(classifier, file, {
  strict: false, // loads what both have
  rename: (path) => `0/${path}`, // a path of the file to one of the model
});
freeze(classifier, '0');
console.log(loaded, missing);
console.log(summary(classifier));
encoder.dispose();
classifier.dispose();
