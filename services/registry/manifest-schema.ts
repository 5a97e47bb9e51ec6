import { z } from 'zod';
import type { Manifest } from '../domain/bundle.ts';
import { ChorusError } from '../domain/errors.ts';
import type { DataType } from '../domain/tensor.ts';

/** What a bundle may be called: safe as a folder, a label and a URL segment. */
export const bundleVersionPattern = /^[a-z0-9._-]{1,64}$/;

const dtype = z.enum(['float32', 'int64', 'int32', 'uint8', 'bool'] satisfies DataType[]);
const tensor = z.object({
  name: z.string().min(1),
  dtype,
  shape: z.array(z.union([z.int().min(0), z.literal('batch'), z.literal('ragged')])),
});
const goldenTensor = z.object({
  name: z.string().min(1),
  dtype,
  shape: z.array(z.int().min(0)),
  values: z.array(z.number()),
});

const manifestSchema = z.object({
  format: z.literal(1),
  mixture: z.string().regex(/^[a-z0-9-]{1,32}$/),
  version: z.string().regex(bundleVersionPattern),
  createdMs: z.int(),
  opset: z.int().min(1),
  files: z.array(
    z.object({
      path: z.string().regex(/^[A-Za-z0-9._/-]{1,128}$/),
      bytes: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
  experts: z.array(
    z.object({
      name: z.string().regex(/^[a-z0-9-]{1,32}$/),
      file: z.string(),
      inputs: z.array(tensor).min(1),
      outputs: z.array(tensor).min(1),
    }),
  ),
  golden: z.array(
    z.object({ expert: z.string(), inputs: z.array(goldenTensor), outputs: z.array(goldenTensor) }),
  ),
  lineage: z.record(z.string(), z.union([z.string(), z.number()])),
  metrics: z.record(z.string(), z.union([z.number(), z.array(z.number())])),
  mixtureParameters: z.unknown(),
});

/**
 * Reads a manifest.
 * @throws ChorusError `bundle_rejected` naming the field at fault.
 */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ChorusError('bundle_rejected', 'manifest.json is not JSON', { cause });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new ChorusError('bundle_rejected', `manifest.json: ${field}: ${issue?.message}`, { field });
}
