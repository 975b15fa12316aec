export { DocumentNumber, DocumentType, documentFault, plainDocument } from './documents.ts';
export * from './field-types.ts';
