import { mkdirSync, writeFileSync } from 'node:fs';
import { setup } from '@dgm/core';
import { imageGrid } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';

await setup();
for (const [name, grey] of Object.entries({ dark: 40, light: 200 })) {
  mkdirSync(`photos/${name}`, { recursive: true });
  for (let image = 0; image < 10; image++) {
    const pixels = tf.fill([1, 48, 64, 3], grey + image);
    writeFileSync(`photos/${name}/${image}.png`, imageGrid(pixels));
    pixels.dispose();
  }
}

// #region images
import { imageDataset } from '@dgm/data';

const data = await imageDataset('photos', { size: [32, 32], classesFromFolders: true });
console.log(data.train.count, data.train.shape, data.levels);
// #endregion images
