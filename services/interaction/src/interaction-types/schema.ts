import { creationBody, Instant, queryPage, pageSchema, queryPerPage, text, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { canonicalTypeName } from './rules.ts';

/** The name of a type, in any case, or an alias of it. */
export const TypeName = text(50)
  .overwrite(canonicalTypeName)
  .meta({
    description: 'Case-insensitive; venda, ligacao, reuniao and contato are aliases of sale, call, meeting and note',
    examples: ['call'],
  });

export const InteractionType = z.strictObject({
  name: z.string(),
  built_in: z.boolean().meta({ description: 'Available in every company' }),
  created_by: z.string().nullable(),
  created_at: Instant.nullable(),
  version: z.int().meta({ description: '1: a type never changes' }),
});
export type InteractionType = z.infer<typeof InteractionType>;

export const NewInteractionType = creationBody(InteractionType, z.strictObject({ name: TypeName }));
export const SavedInteractionTypeResponse = z.strictObject({ message: z.string(), interaction_type: InteractionType });
export const InteractionTypeQuery = z.strictObject({ page: queryPage, per_page: queryPerPage() });
export type InteractionTypeQuery = z.infer<typeof InteractionTypeQuery>;
export const InteractionTypePage = pageSchema('interaction_types', InteractionType);

nameSchemas({ InteractionType, NewInteractionType, SavedInteractionTypeResponse, InteractionTypePage });
