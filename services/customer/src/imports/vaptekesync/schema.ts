import { nameSchemas } from '@clientela/validation';
import { z } from 'zod';

const count = z.int().min(0);

/** What an import from the outside source did. */
export const SourceImportCounts = z.strictObject({
  read: count.meta({ description: 'Rows of the source' }),
  imported: count.meta({ description: 'New customers' }),
  skipped: count.meta({
    description: 'Rows without an accepted phone, and those whose customer exists, was deleted or erased',
  }),
  duplicates: count.meta({ description: 'Rows whose phone another row with a higher id has' }),
  invalid_emails: count.meta({ description: 'Invalid e-mail addresses, left out' }),
  emails_taken: count.meta({ description: 'E-mail addresses of other customers, left out' }),
  seconds: z.number().min(0),
});
export type SourceImportCounts = z.infer<typeof SourceImportCounts>;

export const SourceImportResponse = z.strictObject({
  success: z.literal(true),
  message: z.string(),
  data: SourceImportCounts,
});

nameSchemas({ SourceImportCounts, SourceImportResponse });
