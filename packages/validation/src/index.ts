export { DocumentNumber, DocumentType, documentNumberError, normalizeDocumentNumber } from './documents.ts';
export * from './field-types.ts';
