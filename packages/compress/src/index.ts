// entropy coders
export { AdaptiveTable } from './coders/adaptive-table';
export type { AdaptiveTableOptions } from './coders/adaptive-table';
export { frequencies, FrequencyTable } from './coders/frequency-table';
export type { FrequencyOptions, SymbolTable } from './coders/frequency-table';
export { HuffmanCode, huffmanLengths } from './coders/huffman';
export { RangeDecoder, RangeEncoder } from './coders/range-coder';
export { ransDecode, ransEncode, RansStack } from './coders/rans';
