import { z } from 'zod';

/** Names schemas in the OpenAPI document: the type of a body or a record that generated clients see. A name is unique over all services. */
export function nameSchemas(schemas: Readonly<Record<string, z.ZodType>>): void {
  for (const [id, schema] of Object.entries(schemas)) schema.register(z.globalRegistry, { ...schema.meta(), id });
}
