import { adam, auroc, categoricalHead, classContext, evaluate, fit, Key, setup } from '@dgm/core';
import { glyphs, toTensor } from '@dgm/data';
import { made } from '@dgm/arm';
import { generativeClassifier, rotatedImages } from '@dgm/hybrid';
import * as tf from '@tensorflow/tfjs-core';

await setup();
const key = Key.of(0);
const data = glyphs({ test: 100 }); // 8x8 images of integers 0..16
const likelihood = categoricalHead({ shape: [], levels: 17 });
const model = generativeClassifier({
  classes: 10,
  conditional: made({ shape: [64], likelihood, hidden: [64], contextSize: 10, key }),
});
const batch = classContext({ classes: 10 });
await fit(model, data, { key, batch, optimizer: adam({ learningRate: 1e-2 }), batchSize: 50, epochs: 4 });

const { kind, nats } = await evaluate(model, data.test, { key }); // of p(x), without the labels
const seen = toTensor(data.test);
const turned = toTensor(rotatedImages(data.test, { plane: [8, 8], quarters: 1 }));
const error = tf.tidy(() => {
  const predicted = tf.argMax(model.classify(seen), 1).dataSync();
  return predicted.filter((label, row) => label !== data.test.labels![row]).length / data.test.count;
});
const logProbs = [turned, seen].map((x) => tf.tidy(() => tf.neg(model.logProb(x)).dataSync()));
const detected = auroc(logProbs[0]!, logProbs[1]!);
console.log(kind, nats < 110, error < 0.4, detected > 0.9);

tf.dispose([seen, turned]);
model.dispose();
