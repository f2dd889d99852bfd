import type { MessageType } from './protobuf';

/*
 * The part of onnx.proto that a model file needs. Field numbers are the format.
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

const StringStringEntry: MessageType = {
  key: { id: 1, type: 'string' },
  value: { id: 2, type: 'string' },
};

const OperatorSetId: MessageType = {
  domain: { id: 1, type: 'string' },
  version: { id: 2, type: 'int64' },
};

const Attribute: MessageType = {
  name: { id: 1, type: 'string' },
  f: { id: 2, type: 'float' },
  i: { id: 3, type: 'int64' },
  s: { id: 4, type: 'bytes' },
  get g() {
    return { id: 6, type: Graph };
  },
  ints: { id: 8, type: 'int64', repeated: true },
  type: { id: 20, type: 'int32' },
};

const Node: MessageType = {
  input: { id: 1, type: 'string', repeated: true },
  output: { id: 2, type: 'string', repeated: true },
  name: { id: 3, type: 'string' },
  opType: { id: 4, type: 'string' },
  attribute: { id: 5, type: Attribute, repeated: true },
  domain: { id: 7, type: 'string' },
};

const Tensor: MessageType = {
  dims: { id: 1, type: 'int64', repeated: true },
  dataType: { id: 2, type: 'int32' },
  name: { id: 8, type: 'string' },
  rawData: { id: 9, type: 'bytes' },
};

const Dimension: MessageType = { dimValue: { id: 1, type: 'int64' }, dimParam: { id: 2, type: 'string' } };
const TensorShape: MessageType = { dim: { id: 1, type: Dimension, repeated: true } };
const TensorType: MessageType = {
  elemType: { id: 1, type: 'int32' },
  shape: { id: 2, type: TensorShape },
};
const SequenceType: MessageType = {
  get elemType() {
    return { id: 1, type: Type };
  },
};
const Type: MessageType = {
  tensorType: { id: 1, type: TensorType },
  sequenceType: { id: 4, type: SequenceType },
};
const ValueInfo: MessageType = { name: { id: 1, type: 'string' }, type: { id: 2, type: Type } };

const Graph: MessageType = {
  node: { id: 1, type: Node, repeated: true },
  name: { id: 2, type: 'string' },
  initializer: { id: 5, type: Tensor, repeated: true },
  input: { id: 11, type: ValueInfo, repeated: true },
  output: { id: 12, type: ValueInfo, repeated: true },
};

/** What an `.onnx` file holds. */
export const Model: MessageType = {
  irVersion: { id: 1, type: 'int64' },
  producerName: { id: 2, type: 'string' },
  graph: { id: 7, type: Graph },
  opsetImport: { id: 8, type: OperatorSetId, repeated: true },
  metadataProps: { id: 14, type: StringStringEntry, repeated: true },
};

/** TensorProto.DataType */
export const dataTypes = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/** AttributeProto.AttributeType */
export const attributeTypes = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;
