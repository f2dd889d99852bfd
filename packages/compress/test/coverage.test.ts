import { describeCoverage } from '@dgm/testing';
import * as exports from '../src/index';
import { codecs } from './codecs.cases';
import { compressors } from './compressors.cases';

describeCoverage({
  exports,
  tables: [codecs, compressors],
  testedIn: {
    AdaptiveTable: 'src/coders/coders.test.ts',
    FrequencyTable: 'src/coders/coders.test.ts',
    HuffmanCode: 'src/coders/coders.test.ts',
    RangeDecoder: 'src/coders/coders.test.ts',
    RangeEncoder: 'src/coders/coders.test.ts',
    RansStack: 'src/coders/coders.test.ts',
    Program: 'src/evaluator/trace.test.ts',
    bjontegaardRate: 'src/lossy/bd-rate.test.ts',
    channelConditionalEntropy: 'src/lossy/entropy-models.test.ts',
    factorizedEntropy: 'src/lossy/entropy-models.test.ts',
    hyperpriorEntropy: 'src/lossy/entropy-models.test.ts',
    mixedQuantizer: 'src/lossy/quantizer.test.ts',
    noiseQuantizer: 'src/lossy/quantizer.test.ts',
    softQuantizer: 'src/lossy/quantizer.test.ts',
    straightThroughQuantizer: 'src/lossy/quantizer.test.ts',
    vectorCodebook: 'src/lossy/vector-codebook.test.ts',
    readLossyCodec: 'src/codecs/neural-codec.test.ts',
    decodeJpeg: 'src/jpeg/jpeg.test.ts',
    encodeJpeg: 'src/jpeg/jpeg.test.ts',
    codecOf: 'src/codecs/codec-of.test.ts',
    decodeWith: 'src/codecs/image-codec.test.ts',
    imageCodec: 'src/codecs/image-codec.test.ts',
    readAnyCodec: 'src/codecs/codec-of.test.ts',
    decodeFile: 'src/codecs/codec.test.ts',
    frequencies: 'src/coders/coders.test.ts',
    huffmanLengths: 'src/coders/coders.test.ts',
    inspectFile: 'src/codecs/codec.test.ts',
    readCodec: 'src/codecs/codec.test.ts',
    ransDecode: 'src/coders/coders.test.ts',
    ransEncode: 'src/coders/coders.test.ts',
    readTableCodec: 'src/codecs/table-codec.test.ts',
    tableFileCodec: 'src/codecs/table-codec.test.ts',
    traceProgram: 'src/evaluator/trace.test.ts',
  },
});
