import { interactionRecorded } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { invalid, notFound, type FieldError } from '@clientela/errors';
import { publish } from '@clientela/events';
import type { CompanyActor } from '@clientela/http';
import { holdCustomer } from '../customers/store.ts';
import { hasType } from '../interaction-types/store.ts';
import { statusOf } from './rules.ts';
import type { NewInteraction } from './schema.ts';
import { insertInteraction, type StoredInteraction } from './store.ts';

/** @throws AppError 404 when the customer was removed for good since it was asked for, 422 for an unknown type or another type's status */
export async function recordInteraction(
  tx: Tx,
  actor: CompanyActor,
  customer_id: string,
  input: NewInteraction,
): Promise<StoredInteraction> {
  const { type, type_field, status: given, ...rest } = input;
  const status = statusOf(type, given);
  const faults: FieldError[] = [];
  if (!(await hasType(tx, actor.company_id, type))) faults.push({ path: type_field, message: 'is not a known type' });
  if (status === undefined) faults.push({ path: 'status', message: `is not a status of the type ${type}` });
  if (status === undefined || faults.length > 0) throw invalid(faults);

  if (!(await holdCustomer(tx, actor.company_id, customer_id))) throw notFound('customer');
  const written = { ...rest, type, status, customer_id, created_by: actor.id };
  const interaction = await insertInteraction(tx, actor.company_id, written);
  await publish(tx, interactionRecorded, actor, interaction.version, {
    interaction_id: interaction.id,
    customer_id,
    type,
    status,
  });
  return interaction;
}
