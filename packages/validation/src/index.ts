export * from './dates.ts';
export { DocumentNumber, documentNumberError, DocumentType, normalizeDocumentNumber } from './documents.ts';
export * from './ignored-fields.ts';
export * from './json.ts';
export * from './keywords.ts';
export * from './money.ts';
export * from './queries.ts';
export * from './responses.ts';
export * from './text.ts';
