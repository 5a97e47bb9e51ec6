import protobuf from 'protobufjs';
import { definitionsIn } from './contract.ts';

/** What clients were built against: per message, enum or service, each number or method and what it is. */
export type ReleasedFields = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The contract as it is now, in the form in which it is released. */
export function describeFields(root: protobuf.Root): ReleasedFields {
  const described = definitionsIn(root)
    .map((definition) => [definition.fullName.slice(1), membersOf(definition)] as const)
    .filter(([, members]) => Object.keys(members).length > 0);
  return Object.fromEntries(described.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** What a client of the released contract would notice, in words; additions are not among it. */
export function breakingChanges(released: ReleasedFields, current: ReleasedFields): string[] {
  return Object.entries(released).flatMap(([name, members]) =>
    Object.entries(members)
      .filter(([key, member]) => current[name]?.[key] !== member)
      .map(([key, member]) => {
        const now = current[name]?.[key] ?? 'gone';
        return `${name} ${key}: released as "${member}", now ${now === 'gone' ? now : `"${now}"`}`;
      }),
  );
}

function membersOf(definition: protobuf.ReflectionObject): Record<string, string> {
  if (definition instanceof protobuf.Type) {
    return Object.fromEntries(definition.fieldsArray.map((field) => [field.id, describe(field)]));
  }
  if (definition instanceof protobuf.Enum) {
    return Object.fromEntries(Object.entries(definition.values).map(([name, id]) => [id, name]));
  }
  if (definition instanceof protobuf.Service) {
    return Object.fromEntries(
      definition.methodsArray.map((method) => [method.name, describeMethod(method)]),
    );
  }
  return {};
}

function describe(field: protobuf.Field): string {
  const type = field.resolvedType ? field.resolvedType.fullName.slice(1) : field.type;
  if (field instanceof protobuf.MapField) return `${field.name}: map<${field.keyType}, ${type}>`;
  if (field.repeated) return `${field.name}: repeated ${type}`;
  // Moving a field into a oneof, or making it optional, changes what its absence means.
  const oneof = field.partOf && !field.partOf.isProto3Optional ? ` in ${field.partOf.name}` : '';
  const optional = field.partOf?.isProto3Optional ? 'optional ' : '';
  return `${field.name}: ${optional}${type}${oneof}`;
}

function describeMethod(method: protobuf.Method): string {
  const request = `${method.requestStream ? 'stream ' : ''}${method.resolvedRequestType?.fullName.slice(1)}`;
  const response = `${method.responseStream ? 'stream ' : ''}${method.resolvedResponseType?.fullName.slice(1)}`;
  return `${request} -> ${response}`;
}
