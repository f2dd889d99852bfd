import { factorizedEntropy, neuralCodec, neuralCompressor, readLossyCodec } from '@dgm/compress';
import { adam, fit, Key, mlp, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';

await setup();
const key = Key.of(0);
const data = glyphs(); // 8x8 images of integers 0..16
const model = neuralCompressor({
  eventShape: [64],
  encoder: mlp([64, 64, 8], { key: key.fold('encoder') }),
  decoder: mlp([8, 64, 64], { key: key.fold('decoder') }),
  entropyModel: factorizedEntropy({ size: 8, rates: 2 }),
  beta: [1, 0.1], // what a nat of rate costs, in mean squared error
  range: [0, 16],
});
await fit(model, data, { key, optimizer: adam({ learningRate: 0.01 }), batchSize: 128, epochs: 5 });

const images = data.test.values.slice(0, 64 * 16); // 16 of them
const codec = neuralCodec(model);
const files = [0, 1].map((rate) => codec.encode(images, { rate }));
const elsewhere = readLossyCodec(codec.toBytes()); // the same numbers on every machine
const errors = files.map((file) => {
  const { values } = elsewhere.decode(file);
  return values.reduce((sum, value, index) => sum + (value - images[index]!) ** 2, 0) / values.length;
});
console.log(files[0]!.length < files[1]!.length, errors[0]! > errors[1]!);
model.dispose();
