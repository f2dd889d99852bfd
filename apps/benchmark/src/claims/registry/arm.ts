import type { Claim } from '../claim';
import { trainedNats } from '../trained';

const dataset = 'digits';
const requires = { dataset };

export const claims: readonly Claim[] = [
  {
    name: 'arm.digits.exact',
    what: 'exact likelihood of the best autoregressive model, a WaveNet, on the test digits',
    unit: 'nats',
    bound: { atMost: 81 },
    seeds: [0],
    minutes: 2,
    requires,
    measure: (context) => trainedNats({ model: 'arm-wavenet', dataset }, context),
  },
  {
    name: 'arm.digits.gated-pixelcnn',
    what: 'exact likelihood of the gated PixelCNN whose samples the README shows, on the test digits',
    unit: 'nats',
    bound: { atMost: 82.5 },
    seeds: [0],
    minutes: 2,
    requires,
    measure: (context) => trainedNats({ model: 'arm-gated-pixelcnn', dataset }, context),
  },
  {
    name: 'arm.digits.book',
    what: "exact likelihood of the book's causal convolutions on the test digits",
    unit: 'nats',
    bound: { atMost: 88 },
    seeds: [1],
    minutes: 6,
    requires,
    measure: (context) => trainedNats({ model: 'arm-conv', dataset }, context),
  },
];
