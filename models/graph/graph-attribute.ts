import pkg from 'onnx-proto';

const { AttributeType } = pkg.onnx.AttributeProto;

/**
 * One attribute of an operator. The type is spelled out because a JavaScript number does not say
 * whether ONNX shall read it as an integer or as a float.
 */
type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] };

/** An operator's attributes by name, for example `{ axis: { int: 1 } }`. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** Attributes as ONNX's protobuf writes them. */
export function attributeProtos(attributes: Attributes): pkg.onnx.IAttributeProto[] {
  return Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
}

function attributeProto(name: string, value: Attribute): pkg.onnx.IAttributeProto {
  if ('int' in value) return { name, type: AttributeType.INT, i: value.int };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('ints' in value) return { name, type: AttributeType.INTS, ints: [...value.ints] };
  if ('floats' in value) return { name, type: AttributeType.FLOATS, floats: [...value.floats] };
  return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value.string) };
}
