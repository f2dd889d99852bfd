import { FrequencyTable, RansStack } from '@dgm/compress';

const table = FrequencyTable.of([0.7, 0.2, 0.1]);
const stack = new RansStack();
for (const symbol of [2, 0, 0, 1]) stack.push(symbol, table);
const message = RansStack.from(stack.toBytes());
console.log(Array.from({ length: 4 }, () => message.pop(table))); // last in, first out
