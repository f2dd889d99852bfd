import { spawnSync } from 'node:child_process';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** A program that compresses bytes, at its strongest; undefined where it is not installed. */
export interface Compressor {
  readonly name: string;
  compress(bytes: Uint8Array): Uint8Array | undefined;
}

const MOST_BYTES = 2 ** 30;

export const compressors: readonly Compressor[] = [
  { name: 'gzip -9', compress: (bytes) => gzipSync(bytes, { level: 9 }) },
  {
    name: 'brotli -q 11',
    compress: (bytes) =>
      brotliCompressSync(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
          [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        },
      }),
  },
  {
    name: 'xz -9e',
    compress: (bytes) => {
      const { error, status, stdout } = spawnSync('xz', ['-9e', '--stdout'], {
        input: bytes,
        maxBuffer: MOST_BYTES,
      });
      return error === undefined && status === 0 ? stdout : undefined;
    },
  },
];

/** What a compressor makes of a text; null where it is not installed. */
export interface CompressedSize {
  readonly name: string;
  /** Bits per character of the text by itself. */
  readonly alone: number | null;
  /** Bits per character that the text adds after another one: the size of both less that of the other. */
  readonly after: number | null;
}

/** How many bits a compressor takes for each character of a text, alone and after the text that a model was trained on. */
export function compressedSize({ name, compress }: Compressor, text: string, before: string): CompressedSize {
  const bytesOf = (characters: string): number | undefined => compress(Buffer.from(characters))?.length;
  const [alone, both, first] = [bytesOf(text), bytesOf(before + text), bytesOf(before)];
  if (alone === undefined || both === undefined || first === undefined)
    return { name, alone: null, after: null };
  const perCharacter = (bytes: number): number => (8 * bytes) / [...text].length;
  return { name, alone: perCharacter(alone), after: perCharacter(both - first) };
}
