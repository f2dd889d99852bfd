// entropy coders
export { AdaptiveTable } from './coders/adaptive-table';
export type { AdaptiveTableOptions } from './coders/adaptive-table';
export { frequencies, FrequencyTable } from './coders/frequency-table';
export type { FrequencyOptions, SymbolTable } from './coders/frequency-table';
export { HuffmanCode, huffmanLengths } from './coders/huffman';
export { RangeDecoder, RangeEncoder } from './coders/range-coder';
export { ransDecode, ransEncode, RansStack } from './coders/rans';

// the same bits on every machine
export { Program } from './evaluator/program';
export type {
  ConstantData,
  Instruction,
  Operation,
  ProgramParts,
  ValueSpec,
  ValueType,
  Window,
} from './evaluator/instruction';
export { traceProgram } from './evaluator/trace';
export type { TracedFunction } from './evaluator/trace';

// codecs
export { autoregressiveCodec } from './codecs/autoregressive-codec';
export type { AutoregressiveCodecOptions } from './codecs/autoregressive-codec';
export { bitsBackCodec } from './codecs/bits-back-codec';
export type { BitsBackCodecOptions, LatentModel } from './codecs/bits-back-codec';
export type { Codec, DecodedExamples, DecodeOptions, EncodeOptions, Progress } from './codecs/codec';
export { integerFlowCodec } from './codecs/integer-flow-codec';
export type { IntegerFlowCodecOptions, IntegerFlowModel } from './codecs/integer-flow-codec';
export { decodeFile, inspectFile, readCodec } from './codecs/read-codec';
export type { FileFacts } from './codecs/read-codec';
