import { patchBody, route, withETag, type Route } from '@clientela/http';
import { ignoring, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { changeDocumentType, createDocumentType } from './actions.ts';
import { DocumentType, DocumentTypeCode, NewDocumentType, WritableDocumentType } from './schema.ts';
import { listDocumentTypes } from './store.ts';

const path = '/api/v1/document-types';

const toResponse = (type: DocumentType) => withETag(type.version, type);

const DocumentTypePatch = ignoring(patchBody(DocumentType, WritableDocumentType));
const DocumentTypeList = z.array(DocumentType);
nameSchemas({ DocumentTypePatch, DocumentTypeList });

export const documentTypeRoutes = (): Route[] => [
  route({
    method: 'get',
    path,
    operation: 'document_types.list',
    summary: 'List identity document types',
    allow: 'open',
    tenancy: 'global',
    responses: { 200: DocumentTypeList },
    handle: ({ db }) => listDocumentTypes(db),
  }),
  route({
    method: 'post',
    path,
    operation: 'document_types.create',
    errors: { 409: ['DOCUMENT_TYPE_CODE_TAKEN'] },
    summary: 'Create an identity document type',
    allow: 'document_types:manage',
    tenancy: 'global',
    body: NewDocumentType,
    example: { code: 'passport_es', name: 'Passport', country_code: 'ES' },
    responses: { 201: DocumentType },
    handle: async ({ tx, actor, body }) => toResponse(await createDocumentType(tx, actor, body)),
  }),
  route({
    method: 'put',
    path: `${path}/{code}`,
    operation: 'document_types.update',
    errors: { 404: ['DOCUMENT_TYPE_NOT_FOUND'] },
    summary: 'Change an identity document type',
    description: 'Omitted fields keep their value; null clears one. The code cannot change.',
    allow: 'document_types:manage',
    tenancy: 'global',
    params: DocumentTypeCode,
    body: DocumentTypePatch,
    example: { description: 'With its letters' },
    responses: { 200: DocumentType },
    handle: async ({ tx, actor, params, body, expected_version }) =>
      toResponse(await changeDocumentType(tx, actor, { code: params.code, expected_version }, body)),
  }),
];
