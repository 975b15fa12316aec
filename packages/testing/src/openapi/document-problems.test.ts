import { expect, test } from 'vitest';
import {
  codeProblems,
  codesIn,
  nameProblems,
  schemaProblems,
  type Document,
  type Operation,
} from './document-problems.ts';

const documentOf = (...operations: (Partial<Operation> | undefined)[]): Document => ({
  paths: Object.fromEntries(
    operations.map((operation, index) => [
      `/${index}`,
      { get: { operationId: `things.verb_${index}`, responses: {}, ...operation } },
    ]),
  ),
});
const named = { schema: { $ref: '#/components/schemas/Thing' } };

test('an operation without a name is a problem, and a name that two have', () => {
  expect(nameProblems(documentOf({}, {}))).toEqual([]);
  expect(nameProblems(documentOf({ operationId: 'get_things' }, { operationId: 'things.list' }))).toEqual([
    'GET /0 has no operationId <resource>.<verb>',
  ]);
  expect(nameProblems(documentOf({ operationId: 'things.list' }, { operationId: 'things.list' }))).toEqual([
    'things.list is the operationId of GET /0 and of GET /1',
  ]);
  expect(nameProblems(documentOf({ operationId: 'old.list', 'x-alias-of': 'things.list' }))).toHaveLength(1);
});

test('a body or response without a named schema is a problem, and a body without an example', () => {
  const ok = { 200: { content: { 'application/json': { schema: { anyOf: [named.schema, named.schema] } } } } };
  expect(schemaProblems(documentOf({ responses: ok }))).toEqual([]);
  const inline = { 200: { content: { 'application/json': { schema: { type: 'object' } } } } };
  expect(schemaProblems(documentOf({ responses: inline }))).toHaveLength(1);
  const body = { content: { 'application/json': { ...named, example: {} } } };
  expect(schemaProblems(documentOf({ requestBody: body }))).toEqual([]);
  expect(schemaProblems(documentOf({ requestBody: { content: { 'application/json': named } } }))).toEqual([
    'GET /0 has no example of its body',
  ]);
});

test('an error code that no operation lists is a problem', () => {
  const source = `
    throw notFound('document type');
    throw conflict({ resource: 'user', field: 'email' });
    throw conflict({ error_code: 'LAST_ADMIN', detail: 'x' });
    throw forbidden('It is closed', 'REGISTRATION_CLOSED');
  `;
  const codes = ['LAST_ADMIN', 'REGISTRATION_CLOSED', 'DOCUMENT_TYPE_NOT_FOUND', 'USER_EMAIL_TAKEN'];
  expect(codesIn(source)).toEqual(codes);
  const sources = new Map([['a.ts', source]]);
  expect(codeProblems(documentOf({ 'x-error-codes': codes }), sources)).toEqual([]);
  expect(codeProblems(documentOf({ 'x-error-codes': codes.slice(1) }), sources)).toEqual([
    'a.ts throws LAST_ADMIN, which no operation lists (errors)',
  ]);
});
