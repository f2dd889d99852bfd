// Prints the README's table of how near the made glyphs are to the real digits.
// Run: DGM_DATA_DIR=<folder of digits.csv.gz> npx tsx --tsconfig ../../tsconfig.json scripts/compare-glyphs.ts
import { digits, glyphs, type Dataset, type Examples } from '../src/index';

const made = glyphs();
const real = await digits();

const share = (values: Examples['values'], wanted: number): string =>
  `${((100 * values.filter((value: number) => value === wanted).length) / values.length).toFixed(1)} %`;

const mean = ({ values }: Examples): string => {
  let sum = 0;
  for (const value of values) sum += value;
  return (sum / values.length).toFixed(2);
};

/** Nats per test image of independent pixels, counted on the training images with 0.1 added (Laplace). */
function independentNats({ train, test }: Dataset): string {
  const counts = Array.from({ length: 64 }, () => new Float64Array(17).fill(0.1));
  train.values.forEach((value: number, index: number) => void counts[index % 64]![value]!++);
  const total = train.count + 1.7;
  let nats = 0;
  test.values.forEach(
    (value: number, index: number) => (nats -= Math.log(counts[index % 64]![value]! / total)),
  );
  return (nats / test.count).toFixed(1);
}

/** The share of the test images whose nearest training image has their label. */
function nearestNeighbour(train: Examples, test: Examples): string {
  let right = 0;
  for (let row = 0; row < test.count; row++) {
    let [least, nearest] = [Infinity, 0];
    for (let other = 0; other < train.count; other++) {
      let distance = 0;
      for (let pixel = 0; pixel < 64; pixel++) {
        distance += (test.values[row * 64 + pixel]! - train.values[other * 64 + pixel]!) ** 2;
      }
      if (distance < least) [least, nearest] = [distance, other];
    }
    if (train.labels![nearest] === test.labels![row]) right++;
  }
  return `${((100 * right) / test.count).toFixed(1)} %`;
}

const rows = [
  ['mean pixel, train', mean(made.train), mean(real.train)],
  ['pixels of 0, train', share(made.train.values, 0), share(real.train.values, 0)],
  ['pixels of 16, train', share(made.train.values, 16), share(real.train.values, 16)],
  ['independent pixels, test nats', independentNats(made), independentNats(real)],
  [
    'nearest neighbour right, own training images',
    nearestNeighbour(made.train, made.test),
    nearestNeighbour(real.train, real.test),
  ],
  [
    "nearest neighbour right, the other's training images",
    nearestNeighbour(real.train, made.test),
    nearestNeighbour(made.train, real.test),
  ],
];
for (const row of rows) console.log(`| ${row.join(' | ')} |`);
