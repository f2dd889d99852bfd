import { Key, setup } from '@dgm/core';

await setup();
const key = Key.of(0);
const noise = key.normal([2, 3]); // the same six numbers each time
const other = key.fold('dropout').normal([2, 3]); // independent of them
const [first, second] = key.split(2); // two keys, independent of each other
const again = Key.of(0).normal([2, 3]);

console.log(Array.from(noise.dataSync().slice(0, 3), (value) => value.toFixed(3)));
console.log(again.dataSync().every((value, index) => value === noise.dataSync()[index]));
console.log(other.dataSync()[0] === noise.dataSync()[0], first === second);
for (const tensor of [noise, other, again]) tensor.dispose();
