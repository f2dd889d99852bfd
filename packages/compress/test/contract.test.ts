import { describeCodec, describeModel } from '@dgm/testing';
import { codecs } from './codecs.cases';
import { compressors } from './compressors.cases';

describeCodec(codecs);
describeModel(compressors);
