import { services } from '@clientela/contracts';
import { fieldErrors, parseWith, type Route } from '@clientela/http';
import { describe, expect, test } from 'vitest';
import { routesOf } from './service-routes.ts';

type Schema = NonNullable<Route['body']>;
type JsonSchema = {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
};
/** A value somewhere in a body or query. An array is `0`. */
type Field = { path: string[]; schema: JsonSchema };

/** Lists the values that a schema describes, at every depth, but not those of free JSON. */
function fieldsOf(schema: JsonSchema, path: string[] = []): Field[] {
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [
    { path, schema },
    ...alternatives.flatMap((alternative) => fieldsOf(alternative, path)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => fieldsOf(field, [...path, name])),
    ...(schema.items ? fieldsOf(schema.items, [...path, '0']) : []),
  ];
}

const valueAt = (path: readonly string[], value: unknown): unknown =>
  path.toReversed().reduce((inner, name) => (name === '0' ? [inner] : { [name]: inner }), value);

/** Parses an input that has one field, and returns the error of that field. */
function errorOf(schema: Schema, path: readonly string[], value: unknown): string | undefined {
  const { error } = parseWith(schema, valueAt(path, value));
  const places = new Set([path.join('.'), path.join('.').replace(/\.0$/, '')]); // a list may be judged as a whole
  return fieldErrors(error?.issues ?? []).find((candidate) => places.has(candidate.path))?.message;
}

/** The bodies and queries of a service's routes, each with a name for failures. */
async function requestSchemas(service: (typeof services)[number]): Promise<{ name: string; schema: Schema }[]> {
  const schemas = ({ method, path, body, query }: Route) => [
    ...(body ? [{ name: `body of ${method} ${path}`, schema: body }] : []),
    ...(query ? [{ name: `query of ${method} ${path}`, schema: query }] : []),
  ];
  // Paths under /internal/ are for the fleet's own services.
  return (await routesOf(service)).filter(({ path }) => !path.startsWith('/internal/')).flatMap(schemas);
}
const toJsonSchema = (schema: Schema) =>
  schema.toJSONSchema({ io: 'input', unrepresentable: 'any' }) as unknown as JsonSchema;

/** Credentials, opaque tokens and cursors. */
const notText = /password$|token$|cursor$/;

describe.each(services)('the requests of %s', (service) => {
  test('treat text that shows nothing as empty, in every text field', async () => {
    const problems: string[] = [];
    let checked = 0;
    for (const { name, schema } of await requestSchemas(service)) {
      const fields = fieldsOf(toJsonSchema(schema)).filter(
        ({ schema: { type, format, enum: words } }) => type === 'string' && !format && !words,
      );
      for (const { path } of fields.filter(({ path: names }) => !notText.test(names.join('.')))) {
        checked += 1;
        for (const blank of ['\u200b', '\u3164', ' \u2800\u115f', '\u2060\ufeff', '\u00ad', '\ufe0f\u034f'])
          if (errorOf(schema, path, blank) === undefined)
            problems.push(`${name}: ${path.join('.')} accepts ${JSON.stringify(blank)}`);
      }
    }
    expect(problems).toEqual([]);
    expect(checked).toBeGreaterThan(1);
  });

  test('take every enumeration in any case', async () => {
    const problems: string[] = [];
    for (const { name, schema } of await requestSchemas(service)) {
      for (const { path, schema: field } of fieldsOf(toJsonSchema(schema))) {
        for (const word of (field.enum ?? []).filter((value) => typeof value === 'string'))
          for (const spelling of [word.toUpperCase(), word.toLowerCase()]) {
            const message = errorOf(schema, path, spelling);
            if (message) problems.push(`${name}: ${path.join('.')} rejects ${spelling}: ${message}`);
          }
      }
    }
    expect(problems).toEqual([]);
  });

  test('have errors of one form: predicates, a missing field is required, a word is one of its list', async () => {
    const predicate = /^(is|are|must|has|have|may|cannot|was) [^A-Z]/;
    const problems: string[] = [];
    for (const { name, schema } of await requestSchemas(service)) {
      const fields = fieldsOf(toJsonSchema(schema));
      const wrong = [undefined, null, 5, -1.5, 'no such value', true, [], {}, ['x', 5], { x: 1 }];
      const inputs = fields.flatMap(({ path }) => wrong.map((value) => valueAt(path, value)));
      for (const input of [...inputs, {}]) {
        for (const { path, message } of fieldErrors(parseWith(schema, input).error?.issues ?? [])) {
          if (!predicate.test(message)) problems.push(`${name}: ${path}: ${message}`);
        }
      }
      for (const { path, schema: field } of fields.filter(({ schema: { enum: words } }) => words)) {
        const message = errorOf(schema, path, 'no such value');
        if (message !== `must be one of ${(field.enum ?? []).join(', ')}`)
          problems.push(`${name}: ${path.join('.')}: ${message}`);
      }
      const { required = [] } = toJsonSchema(schema) as { required?: string[] };
      for (const field of required) {
        const message = errorOf(schema, [field], undefined);
        if (!message?.startsWith('is required')) problems.push(`${name}: ${field} missing: ${message}`);
      }
    }
    expect([...new Set(problems)]).toEqual([]);
  });
});
