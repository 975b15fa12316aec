export { DocumentNumber, DocumentType, documentFault, plainDocument } from './documents.ts';
export * from './values.ts';
