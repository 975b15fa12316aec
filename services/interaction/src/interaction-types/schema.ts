import { Instant, queryPage, pageSchema, queryPerPage, text } from '@clientela/validation';
import { z } from 'zod';
import { typeNamed } from './rules.ts';

/** A type by its name, in any case, or by one of the names it is also known by. */
export const TypeName = text(50)
  .overwrite(typeNamed)
  .meta({
    description: 'In any case; venda, ligacao, reuniao and contato mean sale, call, meeting and note',
    examples: ['call'],
  });

export const InteractionType = z.strictObject({
  name: z.string(),
  built_in: z.boolean().meta({ description: 'Every company has it' }),
  created_by: z.string().nullable(),
  created_at: Instant.nullable(),
});
export type InteractionType = z.infer<typeof InteractionType>;

export const NewInteractionType = z.strictObject({ name: TypeName });
export const InteractionTypeSaved = z.strictObject({ message: z.string(), interaction_type: InteractionType });
export const InteractionTypeQuery = z.strictObject({ page: queryPage, per_page: queryPerPage() });
export type InteractionTypeQuery = z.infer<typeof InteractionTypeQuery>;
export const InteractionTypePage = pageSchema('interaction_types', InteractionType);
