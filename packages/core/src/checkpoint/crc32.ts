/** One remainder per byte, for the reflected polynomial of IEEE 802.3. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/** The CRC-32 of zip and PNG, as 8 hexadecimal digits: finds damage, not forgery. */
export function crc32(...parts: readonly Uint8Array[]): string {
  let crc = -1;
  for (const part of parts) {
    for (let index = 0; index < part.length; index++) crc = (crc >>> 8) ^ TABLE[(crc ^ part[index]!) & 0xff]!;
  }
  return (~crc >>> 0).toString(16).padStart(8, '0');
}

/** The bytes that a typed array is made of. */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
