import protobuf from 'protobufjs';

/** JSON as golden files hold it: enums by name, bytes in base64. */
export type Values = { [field: string]: Value };
/** One value of a golden file. */
type Value = string | number | boolean | Value[] | Values;

/**
 * Values for every field of a message, none of them a default, so that each is on the wire; one set
 * for each member of a oneof. The same message gives the same values each time.
 */
export function exampleValues(type: protobuf.Type): Values[] {
  const alternatives = type.oneofsArray.flatMap(({ oneof }) => oneof.slice(1));
  return [undefined, ...alternatives].map((chosen) => exampleMessage(type, chosen));
}

function exampleMessage(type: protobuf.Type, chosen?: string): Values {
  const isSet = ({ name, partOf }: protobuf.Field) =>
    !partOf ||
    name === (chosen !== undefined && partOf.oneof.includes(chosen) ? chosen : partOf.oneof[0]);
  return Object.fromEntries(
    type.fieldsArray.filter(isSet).map((field) => [field.name, exampleField(field)]),
  );
}

function exampleField(field: protobuf.Field): Value {
  if (field instanceof protobuf.MapField)
    return { one: exampleValue(field), two: exampleValue(field) };
  return field.repeated ? [exampleValue(field), exampleValue(field)] : exampleValue(field);
}

function exampleValue(field: protobuf.Field): Value {
  if (field.resolvedType instanceof protobuf.Type) return exampleMessage(field.resolvedType);
  if (field.resolvedType instanceof protobuf.Enum) return lastName(field.resolvedType);
  switch (field.type) {
    case 'string':
      // Beyond ASCII, because lengths on the wire count bytes.
      return `${field.name} é`;
    case 'bytes':
      return Buffer.from([0, 255, field.id]).toString('base64');
    case 'bool':
      return true;
    case 'double':
    case 'float':
      return -field.id - 0.5;
    case 'int64':
      return Number.MAX_SAFE_INTEGER - field.id;
    case 'int32':
      return -field.id;
    case 'uint32':
      return 0xffffffff - field.id;
    default:
      throw new Error(`no example for a ${field.type}: ${field.fullName}`);
  }
}

function lastName(type: protobuf.Enum): string {
  return Object.keys(type.values).at(-1) ?? '';
}
