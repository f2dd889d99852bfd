import { SerializationError } from '@dgm/core';
import { dataset, type Dataset, type Examples } from '../dataset';
import { locateFiles, type RemoteOptions } from '../download/remote-file';
import { readText } from '../internal/files';

/**
 * MNIST with its pixels drawn once and for all as ink or none, the set that likelihoods in nats are usually reported on:
 * `[28, 28, 1]`, 2 levels, without labels. Train 50000, validation 10000, test 10000.
 *
 * Downloaded once (110 MB of text) and kept, or read from `folder`. For other draws, `binarize` those of `mnist`.
 *
 * @throws SerializationError that says which file is missing or damaged, where to get it and where to put it
 * @see On the quantitative analysis of deep belief networks (Salakhutdinov and Murray, 2008); the fixed draw is that of
 *   The neural autoregressive distribution estimator (Larochelle and Murray, 2011)
 *
 * @example
 * ```ts
 * const { train, validation, test } = await binarizedMnist(); // images [28, 28, 1] of 0 and 1
 * ```
 */
export async function binarizedMnist(options: RemoteOptions = {}): Promise<Dataset> {
  const name = 'binarized-mnist';
  const paths = await locateFiles({
    dataset: name,
    files: [
      {
        name: 'binarized_mnist_train.amat',
        sha256: 'ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d',
      },
      {
        name: 'binarized_mnist_valid.amat',
        sha256: '1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2',
      },
      {
        name: 'binarized_mnist_test.amat',
        sha256: 'e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c',
      },
    ],
    mirrors: ['http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/'],
    options,
  });
  const [train, validation, test] = await Promise.all(
    paths.map(async (path) => parseBits(await readText(path, name), path)),
  );
  return dataset({ name, train: train!, validation: validation!, test: test!, levels: 2 });
}

const PIXELS = 28 * 28;

/** Lines of 784 zeros and ones with spaces between them, read by character: there are 55 million. */
function parseBits(text: string, file: string): Examples {
  const lines = text.trimEnd().split(/\r?\n/);
  const values = new Uint8Array(lines.length * PIXELS);
  lines.forEach((line, row) => {
    let column = 0;
    for (const character of line) {
      if (character === ' ' || character === '\t') continue;
      if (character !== '0' && character !== '1') {
        throw wrongRow(file, row, `${JSON.stringify(character)} in column ${column + 1}`);
      }
      if (column < PIXELS) values[row * PIXELS + column] = character === '1' ? 1 : 0;
      column++;
    }
    if (column !== PIXELS) throw wrongRow(file, row, `${column} of them`);
  });
  return { count: lines.length, shape: [28, 28, 1], values };
}

function wrongRow(file: string, row: number, actual: string): SerializationError {
  return new SerializationError({
    where: 'binarizedMnist',
    argument: `${file}, row ${row + 1}`,
    expected: `to be ${PIXELS} zeros and ones`,
    actual,
  });
}
