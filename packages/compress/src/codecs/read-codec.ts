import { SerializationError } from '@dgm/core';
import { readContainer } from '../files/container';
import { readModelFile } from '../files/model-file';
import { readAutoregressiveCodec } from './autoregressive-codec';
import { readBitsBackCodec } from './bits-back-codec';
import { readIntegerFlowCodec } from './integer-flow-codec';
import { readLossyCodec } from './neural-codec';
import type { Codec, DecodedExamples, DecodeOptions, FileCodec, LossyCodec } from './codec';
import { imageCodec } from './image-codec';

/** How the model's file of each method is read. */
const READERS: Readonly<Record<string, (bytes: Uint8Array) => Codec>> = {
  autoregressive: readAutoregressiveCodec,
  'bits-back': readBitsBackCodec,
  'integer-flow': readIntegerFlowCodec,
};

/**
 * Reads a codec from its model's file. It needs no TensorFlow.js and none of the packages that the model was made with.
 * @param bytes - what `Codec.toBytes` gave
 * @throws SerializationError if they are damaged, or of a kind that is not known
 *
 * @example
 * ```ts
 * const codec = integerFlowCodec(idf({ dims: 64, key }));
 * const elsewhere = readCodec(codec.toBytes()); // on another machine, from a file
 * elsewhere.decode(codec.encode(data.test.values)).values; // the same integers
 * ```
 */
export function readCodec(bytes: Uint8Array): Codec {
  const { method } = readModelFile(bytes);
  const read = READERS[method];
  if (read !== undefined) return read(bytes);
  throw new SerializationError({
    where: 'readCodec',
    argument: 'the file',
    expected: `to be the model of a codec: ${Object.keys(READERS).join(', ')}`,
    actual: `"${method}"`,
  });
}

/**
 * Reads a codec of any kind, lossless or lossy, from its model's file.
 * @param bytes - what `toBytes` of a codec gave
 * @throws SerializationError if they are damaged, or of a kind that is not known
 *
 * @example
 * ```ts
 * const codec = integerFlowCodec(idf({ dims: 64, key }));
 * readAnyCodec(codec.toBytes()).modelHash; // that of codec
 * ```
 */
export function readAnyCodec(bytes: Uint8Array): Codec | LossyCodec {
  return readModelFile(bytes).method === 'neural' ? readLossyCodec(bytes) : readCodec(bytes);
}

/** What a file says without being decoded. */
export interface FileFacts {
  /** How it was coded. */
  readonly method: string;
  /** How many examples it holds; 1 for an image. */
  readonly count: number;
  /** The first 8 bytes of the SHA-256 of the model's file. */
  readonly modelHash: Uint8Array;
  /** The model's file, if it travels inside. */
  readonly model: Uint8Array | undefined;
}

/**
 * Reads what a file says about itself.
 * @throws SerializationError if it is damaged
 */
export function inspectFile(file: Uint8Array): FileFacts {
  const { method, count, model, weights } = readContainer(file);
  return { method, count, modelHash: model, model: weights };
}

/**
 * Decodes a file that holds its model: what `encode` of a codec with `includeModel` gave.
 * @throws SerializationError if it is damaged or holds no model
 */
export function decodeFile(
  file: Uint8Array,
  options?: DecodeOptions,
): DecodedExamples<Int32Array | Float32Array> {
  const { weights } = readContainer(file);
  if (weights !== undefined) return decodeWith(readAnyCodec(weights), file, options);
  throw new SerializationError({
    where: 'decodeFile',
    argument: 'the file',
    expected: 'to hold its model',
    actual: 'none',
    remedy: 'decode it with the codec that wrote it, read by readCodec or readLossyCodec',
  });
}

/**
 * Decodes a file of examples or of an image, whichever it is.
 * @param codec - of the model that it was written with
 * @throws SerializationError if it is damaged, or was written with another model
 */
export function decodeWith(
  codec: Codec | LossyCodec,
  file: Uint8Array,
  options?: DecodeOptions,
): DecodedExamples<Int32Array | Float32Array> {
  const any: FileCodec<Int32Array | Float32Array> = codec;
  const isImage = readContainer(file).method === 'image';
  return isImage ? imageCodec(any).decode(file, options) : any.decode(file, options);
}
