import { z } from 'zod';

/** Fields that a body may have without effect, because clients send back whole records. */
export type IgnoredFields = {
  /** Fields that change by themselves, so that the client's value may be an older one. */
  moving?: readonly string[];
  /** Ignored when null. */
  whenNull?: readonly string[];
};

/** Ignored in every record. */
const movingEverywhere = ['updated_at', 'version'];

/** Removes ignored fields from a body before its schema sees them. `updated_at` and `version` are always ignored. */
export const ignoring = <Schema extends z.ZodType>(
  schema: Schema,
  { moving = [], whenNull = [] }: IgnoredFields = {},
) => {
  const ignored = new Set([...movingEverywhere, ...moving]);
  const ignoredNull = new Set(whenNull);
  return z.preprocess((body) => {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
    const fields = Object.entries(body as Record<string, unknown>);
    return Object.fromEntries(
      fields.filter(([field, value]) => !ignored.has(field) && !(value === null && ignoredNull.has(field))),
    );
  }, schema);
};

/**
 * Builds the schema of a body that creates a record: null for a field that is not writable counts as omitted.
 * @param record the schema of the record in responses
 * @param schema the writable fields, with any refinements
 */
export const creationBody = <Schema extends z.ZodType>(
  record: z.ZodObject,
  schema: Schema,
  { moving, whenNull = [] }: IgnoredFields = {},
) => {
  const { shape } = objectOf(schema);
  const readOnly = Object.keys(record.shape).filter((field) => !(field in shape));
  return ignoring(schema, { ...(moving && { moving }), whenNull: [...readOnly, ...whenNull] });
};

/** Finds the object that a schema transforms. */
function objectOf(schema: z.ZodType): z.ZodObject {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodPipe) return objectOf(schema.in as z.ZodType);
  throw new Error('The body is not an object');
}
