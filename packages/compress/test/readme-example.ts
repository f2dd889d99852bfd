import { waveNet } from '@dgm/arm';
import { autoregressiveCodec, readCodec } from '@dgm/compress';
import { adam, categoricalHead, fit, Key, setup } from '@dgm/core';
import { glyphs } from '@dgm/data';

await setup();
const key = Key.of(0);
const data = glyphs(); // 8x8 images of integers 0..16
const likelihood = categoricalHead({ shape: [], levels: data.levels! });
const options = { shape: data.train.shape, likelihood, hidden: 8, dilations: [1, 8] };
const model = waveNet({ ...options, key: key.fold('model') });
await fit(model, data, { key, optimizer: adam({ learningRate: 0.02 }), batchSize: 128, epochs: 1 });

const images = Int32Array.from(data.test.values.slice(0, 64 * 16)); // 16 of them
const codec = autoregressiveCodec(model);
const file = codec.encode(images);
const elsewhere = readCodec(codec.toBytes()); // on another machine, without the model's package
const { values, shape } = elsewhere.decode(file);
console.log(
  shape,
  values.every((value, index) => value === images[index]),
);
console.log(file.length < (16 * 64 * Math.log2(17)) / 8); // fewer bytes than a uniform code
model.dispose();
