export * from './dates.ts';
export {
  comparedDocument,
  DocumentNumber,
  documentNumberError,
  DocumentType,
  normalizeDocumentNumber,
  resolveDocumentNumber,
} from './documents.ts';
export { Email, LoginEmail, unicodeEmail } from './emails.ts';
export * from './ignored-fields.ts';
export * from './json.ts';
export * from './keywords.ts';
export * from './money.ts';
export * from './queries.ts';
export * from './responses.ts';
export * from './schema-names.ts';
export * from './text.ts';
