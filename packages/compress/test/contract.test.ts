import { describeCodec } from '@dgm/testing';
import { codecs } from './codecs.cases';

describeCodec(codecs);
