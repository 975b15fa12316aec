type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = Record<string, Json>;

/** Formats whose pattern says nothing more. */
const formats: ReadonlySet<Json | undefined> = new Set(['uuid', 'date-time', 'date', 'email']);
/** The bounds of every integer that JSON holds exactly. */
const safeBounds: ReadonlySet<Json | undefined> = new Set([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Leaves out what would only obscure a document and the types that are generated from it: patterns beside a format, bounds of all
 * integers, the recursive schema of any JSON value, and read-only fields of request bodies, which are accepted but have no effect.
 */
export function tidySchemas(document: unknown): unknown {
  const tidy = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(tidy);
    if (!isObject(value)) return value;
    if (typeof value['$ref'] === 'string' && value['$ref'].includes('/__schema')) return {};
    const entries = Object.entries(value).filter(
      ([name, field]) =>
        !(name === 'pattern' && formats.has(value['format'])) &&
        !((name === 'minimum' || name === 'maximum') && safeBounds.has(field)) &&
        !(name === 'anyOf' && typeof value['type'] === 'string') && // as its meta says, which shows one way to write it
        !(name === 'propertyNames' && isPlainString(field)) &&
        !name.startsWith('__schema') &&
        !isReadOnly(field),
    );
    return Object.fromEntries(entries.map(([name, field]) => [name, tidy(field)]));
  };
  return tidy(JSON.parse(JSON.stringify(document)) as Json);
}

const isPlainString = (schema: Json) => isObject(schema) && JSON.stringify(schema) === '{"type":"string"}';
const isReadOnly = (schema: Json) => isObject(schema) && JSON.stringify(schema) === '{"readOnly":true}';
