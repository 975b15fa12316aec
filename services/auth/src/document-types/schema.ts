import { creationBody, DocumentType as Code, Instant, text, Uuid, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { Country, CountryCode } from '@clientela/validation/countries';

export const DocumentType = z.strictObject({
  id: Uuid,
  name: z.string(),
  code: z.string(),
  description: z.string().nullable(),
  country_code: z
    .string()
    .nullable()
    .meta({ description: 'The country that issues the document; null for any country' }),
  category: z.string().nullable(),
  active: z.boolean(),
  created_at: Instant,
  version: z.int(),
});
export type DocumentType = z.infer<typeof DocumentType>;

export const WritableDocumentType = z.strictObject({
  name: text(255),
  description: text(500).nullable(),
  country_code: CountryCode.nullable(),
  category: text(50).nullable(),
  active: z.boolean(),
});
export type DocumentTypeChanges = Partial<z.infer<typeof WritableDocumentType>>;

const newDocumentType = WritableDocumentType.partial().extend({
  code: Code,
  name: text(255),
  country_code: Country.nullable().optional(),
  active: z.boolean().default(true),
});
export const NewDocumentType = creationBody(DocumentType, newDocumentType);
export type NewDocumentType = z.infer<typeof NewDocumentType>;

export const DocumentTypeCode = z.strictObject({ code: Code });

nameSchemas({ DocumentType, NewDocumentType });
