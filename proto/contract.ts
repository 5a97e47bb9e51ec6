import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { type GeneratedModule, generatedModules } from './generate.ts';

/** One message of the contract, with the generated module that has its codec. */
export interface ContractMessage {
  /** Full name (`chorus.v1.Task`). */
  readonly name: string;
  readonly module: GeneratedModule;
  /** By reflection, its fields spelled as the module spells them. */
  readonly type: protobuf.Type;
}

/** Reads the .proto files themselves. Fields keep their snake_case unless told otherwise. */
export function readProtos(protos: readonly string[], keepCase = true): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => fileURLToPath(new URL(target, import.meta.url));
  root.loadSync(
    protos.map((proto) => `chorus/v1/${proto}.proto`),
    { keepCase },
  );
  root.resolveAll();
  return root;
}

/** Every message of every generated module. */
export function contractMessages(): ContractMessage[] {
  return generatedModules.flatMap((module) =>
    definitionsIn(readProtos(module.protos, module.keepCase))
      .filter((definition) => definition instanceof protobuf.Type)
      .map((type) => ({ name: type.fullName.slice(1), module, type })),
  );
}

/** Everything declared at any depth: messages, enums and services. */
export function definitionsIn(namespace: protobuf.NamespaceBase): protobuf.ReflectionObject[] {
  return namespace.nestedArray.flatMap((child) => [
    child,
    ...(child instanceof protobuf.Namespace ? definitionsIn(child) : []),
  ]);
}
