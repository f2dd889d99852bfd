import { Key, setup } from '@dgm/core';
import { batches, dataset, glyphs, imageGrid, split, toTensor, twoMoons } from '@dgm/data';

// 1000 / 350 / 450 images of 64 pixels 0..16, with labels: the same ones for the same seed.
const { train, levels, sha256 } = glyphs({ seed: 0 });
console.log(train.count, train.shape, levels, sha256.slice(0, 8));

// PNG bytes, dark ink on paper: write them to a file, or show them in a page.
const png = imageGrid(train, { columns: 40, scale: 3, range: [16, 0] });
console.log(png.length > 1000);

await setup(); // an engine for tensors; all else here needs none

// One epoch: float32 [64, 64] at a time, in an order that the key decides.
for (const batch of batches(train, { batchSize: 64, key: Key.of(1) })) {
  const x = toTensor(batch);
  x.dispose();
}

// A density that is known, to hold a model's log-likelihood against.
const moons = twoMoons({ noise: 0.1 });
const points = moons.sample(Key.of(2), 1000);
const nats = moons.logDensity(points.values).reduce((sum, value) => sum + value, 0) / points.count;
console.log(nats.toFixed(1));

// Arrays of your own, from csv(), npy() or imageFolder(), become a data set of the same form.
const mine = dataset({
  name: 'moons',
  ...split(points, { train: 0.7, validation: 0.1, test: 0.2 }, Key.of(3)),
});
console.log(mine.train.count, mine.validation.count, mine.test.count);
