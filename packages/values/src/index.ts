export { DocumentNumber, DocumentType, documentFault, plainDocument } from './documents.ts';
export { digitsTyped, normalPhone, Phone, phoneDigits } from './phones.ts';
export * from './values.ts';
