import { formatShape, type Examples } from '@dgm/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 over the parts in order: a line of text that says what comes, then the values, the labels and the weights. */
export function contentHash(parts: Readonly<Record<string, Examples>>): string {
  const hash = sha256.create();
  for (const [part, { count, shape, values, labels, weights }] of Object.entries(parts)) {
    const line = `${part} ${count} ${formatShape(shape)} ${values.constructor.name} ${labels ? 'labelled' : ''}\n`;
    hash.update(utf8ToBytes(line)).update(bytesOf(values));
    if (labels) hash.update(bytesOf(labels));
    if (weights) hash.update(utf8ToBytes('weights\n')).update(bytesOf(weights));
  }
  return bytesToHex(hash.digest());
}

/** The bytes of a typed array, without a copy; every platform that runs JavaScript today is little-endian. */
function bytesOf(array: Float32Array | Int32Array | Uint8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
