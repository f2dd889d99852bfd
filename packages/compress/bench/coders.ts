// Nanoseconds per symbol and overhead of the coders: `npx tsx --tsconfig ../../tsconfig.json bench/coders.ts`.
import {
  AdaptiveTable,
  FrequencyTable,
  RangeDecoder,
  RangeEncoder,
  ransDecode,
  ransEncode,
  RansStack,
} from '@dgm/compress';

const COUNT = 1_000_000;
const weights = Array.from({ length: 256 }, (_, symbol) => 0.97 ** symbol);
const table = FrequencyTable.of(weights);
let state = 1;
const symbols = Uint8Array.from({ length: COUNT }, () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return table.find(state >>> 16);
});
const information = symbols.reduce((bits, s) => bits - Math.log2(table.frequency(s) / table.total), 0);

/** The least time of five runs: others are interrupted. */
function nanoseconds<T>(act: () => T): { readonly result: T; readonly each: number } {
  let least = Infinity;
  let result = act();
  for (let run = 0; run < 5; run++) {
    const started = performance.now();
    result = act();
    least = Math.min(least, performance.now() - started);
  }
  return { result, each: (1e6 * least) / COUNT };
}

function report(name: string, encode: () => Uint8Array, decode: (bytes: Uint8Array) => unknown): void {
  const encoded = nanoseconds(encode);
  const decoded = nanoseconds(() => decode(encoded.result));
  const overhead = 100 * ((8 * encoded.result.length) / information - 1);
  console.log(
    `${name.padEnd(16)} encode ${encoded.each.toFixed(1)} ns, decode ${decoded.each.toFixed(1)} ns, ${overhead.toFixed(4)} % above the information`,
  );
}

for (const states of [1, 2, 4, 8]) {
  report(
    `rANS, ${states} ${states === 1 ? 'state' : 'states'}`,
    () => ransEncode(symbols, table, { states }),
    (bytes) => ransDecode(bytes, COUNT, table, { states }),
  );
}
report(
  'rANS, stack',
  () => {
    const stack = new RansStack();
    for (const symbol of symbols) stack.push(symbol, table);
    return stack.toBytes();
  },
  (bytes) => {
    const stack = RansStack.from(bytes);
    for (let index = 0; index < COUNT; index++) stack.pop(table);
  },
);
report(
  'range coder',
  () => {
    const encoder = new RangeEncoder();
    for (const symbol of symbols) encoder.encode(symbol, table);
    return encoder.finish();
  },
  (bytes) => {
    const decoder = new RangeDecoder(bytes);
    for (let index = 0; index < COUNT; index++) decoder.decode(table);
  },
);
report(
  'adaptive',
  () => {
    const adaptive = new AdaptiveTable({ numSymbols: 256 });
    const encoder = new RangeEncoder();
    for (const symbol of symbols) {
      encoder.encode(symbol, adaptive);
      adaptive.update(symbol);
    }
    return encoder.finish();
  },
  (bytes) => {
    const adaptive = new AdaptiveTable({ numSymbols: 256 });
    const decoder = new RangeDecoder(bytes);
    for (let index = 0; index < COUNT; index++) adaptive.update(decoder.decode(adaptive));
  },
);
