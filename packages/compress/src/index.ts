// entropy coders
export { AdaptiveTable } from './coders/adaptive-table';
export type { AdaptiveTableOptions } from './coders/adaptive-table';
export { frequencies, FrequencyTable } from './coders/frequency-table';
export type { FrequencyOptions, SymbolTable } from './coders/frequency-table';
export { HuffmanCode, huffmanLengths } from './coders/huffman';
export { RangeDecoder, RangeEncoder } from './coders/range-coder';
export { ransDecode, ransEncode, RansStack } from './coders/rans';
export type { InterleavedOptions } from './coders/rans';

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
export type { BitsBackCodecOptions } from './codecs/bits-back-codec';
export type { LatentModel } from './codecs/latent-programs';
export type {
  Codec,
  DecodedExamples,
  DecodeOptions,
  EncodeOptions,
  FileCodec,
  LossyCodec,
  LossyEncodeOptions,
  Progress,
} from './codecs/codec';
export { codecOf } from './codecs/codec-of';
export { imageCodec } from './codecs/image-codec';
export type { ImageArray, ImageCodec } from './codecs/image-codec';
export { integerFlowCodec } from './codecs/integer-flow-codec';
export type { IntegerFlowCodecOptions } from './codecs/integer-flow-codec';
export type { IntegerFlowModel } from './codecs/integer-flow-model';
export { decodeFile, decodeWith, inspectFile, readAnyCodec, readCodec } from './codecs/read-codec';
export type { FileFacts } from './codecs/read-codec';
export { neuralCodec, readLossyCodec } from './codecs/neural-codec';
export type { NeuralCodecOptions } from './codecs/neural-codec';
export { readTableCodec, tableFileCodec } from './codecs/table-codec';
export type {
  DecodeTableOptions,
  TableCodecOptions,
  TableFileCodec,
  TabularModel,
  TabularNetwork,
} from './codecs/table-codec';
export type { CategoryState, NumberState } from './codecs/table-column';

// lossy compression
export { bjontegaardRate } from './lossy/bd-rate';
export type { RatePoint } from './lossy/bd-rate';
export { channelConditionalEntropy } from './lossy/channel-conditional';
export type { ChannelConditionalEntropyOptions } from './lossy/channel-conditional';
export type { CodeDistribution, EntropyModel, QuantizedCode } from './lossy/entropy-model';
export { factorizedEntropy } from './lossy/factorized';
export type { FactorizedEntropyOptions } from './lossy/factorized';
export { hyperpriorEntropy } from './lossy/hyperprior';
export type { HyperpriorEntropyOptions } from './lossy/hyperprior';
export { neuralCompressor } from './lossy/neural-compressor';
export type { NeuralCompressor, NeuralCompressorOptions, RateOptions } from './lossy/neural-compressor';
export { mixedQuantizer, noiseQuantizer, softQuantizer, straightThroughQuantizer } from './lossy/quantizer';
export type { Quantizer, RelaxedCode, SoftQuantizerOptions } from './lossy/quantizer';
export { vectorCodebook } from './lossy/vector-codebook';
export type { VectorCodebookOptions } from './lossy/vector-codebook';

// JPEG
export { decodeJpeg } from './jpeg/decode-jpeg';
export type { DecodeJpegOptions } from './jpeg/decode-jpeg';
export { encodeJpeg } from './jpeg/encode-jpeg';
export type { JpegOptions } from './jpeg/encode-jpeg';
export type { RasterImage } from './jpeg/transform';

// model files
export { modelParts } from './model-parts';
