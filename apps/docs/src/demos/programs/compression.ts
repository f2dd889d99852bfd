import { adam, categoricalHead, DgmError, fit } from '@dgm/core';
import { waveNet } from '@dgm/arm';
import { autoregressiveCodec } from '@dgm/compress';
import type { Codec } from '@dgm/compress';
import { dataset, glyphs } from '@dgm/data';
import type { Examples } from '@dgm/data';
import type { MakeProgram, Panel } from '../demo';

const COUNT = 64;
const SHOWN = 16;
const PIXELS = 64;
const MOST = 16;

export const compression: MakeProgram = ({ numbers: { levels } }, key) => {
  const grey = glyphs({ train: 800, test: COUNT });
  const top = levels! - 1;
  const coarse = (part: Examples): Examples => ({
    ...part,
    values: Int32Array.from(part.values, (value) => Math.round((value / MOST) * top)),
  });
  const data = dataset({
    name: 'coarse',
    train: coarse(grey.train),
    validation: coarse(grey.validation),
    test: coarse(grey.test),
    levels: levels!,
  });
  const likelihood = categoricalHead({ shape: [], levels: levels! });
  const model = waveNet({ shape: [PIXELS], likelihood, hidden: 16, dilations: [1, 8], key });
  const images = Int32Array.from(data.test.values);
  const restored = (values: ArrayLike<number>): Float32Array =>
    Float32Array.from(values, (value) => (value * MOST) / top);
  let made: { readonly codec: Codec; readonly file: Uint8Array; readonly gzip: number } | undefined;

  return {
    models: { compression: model },
    train: (watch) =>
      fit(model, data, { key, optimizer: adam({ learningRate: 0.01 }), batchSize: 50, epochs: 6, ...watch }),
    async figure() {
      const codec = autoregressiveCodec(model, { rows: COUNT });
      made = { codec, file: codec.encode(images), gzip: await gzipSize(images) };
      return (8 * made.file.length) / COUNT;
    },
    async show({ file }) {
      const original: Panel = {
        ...IMAGE,
        caption: `${SHOWN} of ${COUNT} test images, 17 grey levels`,
        values: grey.test.values.slice(0, SHOWN * PIXELS),
      };
      if (made === undefined) return [original];
      const { values } = made.codec.decode(made.file);
      const error = mean(restored(values), (value, index) => (value - grey.test.values[index]!) ** 2);
      const bits = (bytes: number): number => (8 * bytes) / COUNT;
      const uniform = PIXELS * Math.log2(levels!);
      return [
        original,
        {
          ...IMAGE,
          caption: `decoded from the file: mean squared error ${error.toFixed(2)}`,
          values: restored(values.slice(0, SHOWN * PIXELS)),
        },
        {
          kind: 'bars',
          caption: `bits per image, of ${uniform.toFixed(0)} for ${levels} equally probable levels`,
          bars: [
            { label: `model: ${bits(made.file.length).toFixed(1)}`, value: bits(made.file.length) / uniform },
            { label: `gzip: ${bits(made.gzip).toFixed(1)}`, value: bits(made.gzip) / uniform },
          ],
        },
        {
          kind: 'file',
          name: `digits-${levels}-levels.dgmc`,
          bytes: made.file,
          caption: decodedCaption(made.codec, file),
        },
        ...(file === undefined ? [] : decodedPanel(made.codec, file, restored)),
      ];
    },
    dispose: () => model.dispose(),
  };
};

const IMAGE = { kind: 'images', plane: [8, 8], range: [0, MOST], columns: 4 } as const;

const mean = (values: Float32Array, of: (value: number, index: number) => number): number =>
  values.reduce((sum, value, index) => sum + of(value, index), 0) / values.length;

/** What the file that the reader has chosen is. */
function decodedCaption(codec: Codec, file: Uint8Array | undefined): string {
  if (file === undefined) return 'Download the file, and give it back: the page decodes it with the model.';
  try {
    return `Your file of ${file.length} bytes holds ${codec.decode(file).shape[0]} images.`;
  } catch (error) {
    // A file of another model, or with another byte, is refused by name.
    if (DgmError.is(error)) return error.message;
    throw error;
  }
}

function decodedPanel(
  codec: Codec,
  file: Uint8Array,
  restored: (values: ArrayLike<number>) => Float32Array,
): Panel[] {
  try {
    const { values } = codec.decode(file);
    return [
      { ...IMAGE, caption: 'decoded from your file', values: restored(values.slice(0, SHOWN * PIXELS)) },
    ];
  } catch {
    return [];
  }
}

/** What gzip makes of the same values, a byte each. */
async function gzipSize(values: Int32Array): Promise<number> {
  const stream = new Blob([Uint8Array.from(values)]).stream().pipeThrough(new CompressionStream('gzip'));
  return (await new Response(stream).arrayBuffer()).byteLength;
}
