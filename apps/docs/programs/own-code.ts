import { FrequencyTable, RansStack } from '@dgm/compress';

// A model of one's own gives a table for each symbol; the stack spends -log2 p bits on it, and gives symbols back in reverse.
const message = Array.from({ length: 2000 }, (_, index) => (index % 10 === 0 ? 1 : 0));
const rare = FrequencyTable.of([0.9, 0.1]);
const stack = new RansStack();
for (const symbol of message) stack.push(symbol, rare);

const bytes = stack.toBytes();
const entropy = -0.9 * Math.log2(0.9) - 0.1 * Math.log2(0.1);
console.log(bytes.length, ((2000 * entropy) / 8).toFixed(1));
const other = RansStack.from(bytes);
console.log(message.reverse().every((symbol) => other.pop(rare) === symbol));
