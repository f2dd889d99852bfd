// Text, character by character: a recurrent network learns to spell, and gives each line its probability.
import { adam, categoricalHead, evaluate, fit, Key, setup } from '@dgm/core';
import { recurrentArm } from '@dgm/arm';

await setup();
const key = Key.of(0);

// Sums that are right, such as "3+5=08". In your program, text('book.txt') of @dgm/data reads a file.
const alphabet = '0123456789+=';
const sums = Array.from({ length: 100 }, (_, index) => {
  const [a, b] = [Math.floor(index / 10), index % 10];
  return `${a}+${b}=${String(a + b).padStart(2, '0')}`;
});
const examples = (lines: readonly string[]) => ({
  count: lines.length,
  shape: [6],
  values: Uint8Array.from(lines.join(''), (character) => alphabet.indexOf(character)),
});

const likelihood = categoricalHead({ shape: [], levels: alphabet.length });
const model = recurrentArm({ shape: [6], likelihood, hidden: 48, key: key.fold('model') });
const optimizer = adam({ learningRate: 1e-2 });
await fit(model, { train: examples(sums) }, { key, optimizer, batchSize: 25, epochs: 60 });

// A sum that is right is one of a hundred lines: ln 100 = 4.6 nats. A wrong one is much less likely.
const right = await evaluate(model, examples(sums), { key });
const wrong = await evaluate(model, examples(['3+5=09', '7+1=18']), { key });
const drawn = model.sample(key, 20);
const lines = Array.from({ length: 20 }, (_, row) =>
  [...drawn.dataSync().subarray(6 * row, 6 * row + 6)].map((index) => alphabet[index]).join(''),
);
const correct = lines.filter((line) => sums.includes(line)).length;
console.log(right.kind, right.nats < 5.5, wrong.nats > right.nats + 2, correct >= 10);
drawn.dispose();
model.dispose();
