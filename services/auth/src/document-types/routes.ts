import { patchBody, route, withETag, type Route } from '@clientela/http';
import { z } from 'zod';
import { changeDocumentType, createDocumentType } from './actions.ts';
import { DocumentType, DocumentTypeCode, NewDocumentType, WritableDocumentType } from './schema.ts';
import { listDocumentTypes, type StoredDocumentType } from './store.ts';

const path = '/api/v1/document-types';

const shown = ({ version, ...type }: StoredDocumentType) => withETag(version, type);

export const documentTypeRoutes = (): Route[] => [
  route({
    method: 'get',
    path,
    summary: 'List the types of identity documents',
    allow: 'open',
    tenancy: 'global',
    responses: { 200: z.array(DocumentType) },
    handle: ({ db }) => listDocumentTypes(db),
  }),
  route({
    method: 'post',
    path,
    summary: 'Create a type of identity document',
    allow: 'document_types:manage',
    tenancy: 'global',
    body: NewDocumentType,
    responses: { 201: DocumentType },
    handle: async ({ tx, actor, body }) => shown(await createDocumentType(tx, actor, body)),
  }),
  route({
    method: 'put',
    path: `${path}/{code}`,
    summary: 'Change a type of identity document',
    description: 'Fields left out stay; null clears. Its code stays.',
    allow: 'document_types:manage',
    tenancy: 'global',
    params: DocumentTypeCode,
    body: patchBody(DocumentType, WritableDocumentType),
    responses: { 200: DocumentType },
    handle: async ({ tx, actor, params, body, expected_version }) =>
      shown(await changeDocumentType(tx, actor, { code: params.code, expected_version }, body)),
  }),
];
