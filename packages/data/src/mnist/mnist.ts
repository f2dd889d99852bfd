import type { Dataset } from '../dataset';
import { idxDataset, type HeldOutOptions } from './idx-dataset';

/**
 * MNIST: 70000 handwritten digits of 28x28 pixels with 256 grey levels, `[28, 28, 1]`. Train 50000, validation the 10000
 * after them, test 10000.
 *
 * Downloaded once (11 MB) and kept, or read from `folder`.
 *
 * @throws SerializationError that says which file is missing or damaged, where to get it and where to put it
 * @see Gradient-based learning applied to document recognition (LeCun, Bottou, Bengio and Haffner, 1998)
 *
 * @example
 * ```ts
 * const { train, validation, test } = await mnist(); // 50000, 10000 and 10000 images [28, 28, 1]
 * ```
 */
export async function mnist(options: HeldOutOptions = {}): Promise<Dataset> {
  return idxDataset(
    {
      name: 'mnist',
      files: [
        {
          name: 'train-images-idx3-ubyte.gz',
          sha256: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
        },
        {
          name: 'train-labels-idx1-ubyte.gz',
          sha256: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
        },
        {
          name: 't10k-images-idx3-ubyte.gz',
          sha256: '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
        },
        {
          name: 't10k-labels-idx1-ubyte.gz',
          sha256: 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
        },
      ],
      mirrors: [
        'https://storage.googleapis.com/cvdf-datasets/mnist/',
        'https://ossci-datasets.s3.amazonaws.com/mnist/',
      ],
    },
    options,
  );
}

/**
 * Fashion-MNIST: 70000 pictures of clothes of 28x28 pixels with 256 grey levels, `[28, 28, 1]`, split as {@link mnist}.
 *
 * Downloaded once (31 MB) and kept, or read from `folder`.
 *
 * @throws SerializationError that says which file is missing or damaged, where to get it and where to put it
 * @see Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms (Xiao, Rasul and Vollgraf, 2017)
 *
 * @example
 * ```ts
 * const { train, validation, test } = await fashionMnist(); // 50000, 10000 and 10000 images [28, 28, 1]
 * ```
 */
export async function fashionMnist(options: HeldOutOptions = {}): Promise<Dataset> {
  return idxDataset(
    {
      name: 'fashion-mnist',
      files: [
        {
          name: 'train-images-idx3-ubyte.gz',
          sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
        },
        {
          name: 'train-labels-idx1-ubyte.gz',
          sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
        },
        {
          name: 't10k-images-idx3-ubyte.gz',
          sha256: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
        },
        {
          name: 't10k-labels-idx1-ubyte.gz',
          sha256: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
        },
      ],
      mirrors: [
        'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
        'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
      ],
    },
    options,
  );
}
