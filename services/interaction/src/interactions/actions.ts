import { interactionDeleted, interactionRecorded, interactionUpdated } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { invalid, notFound, preconditionFailed, type FieldError } from '@clientela/errors';
import { publish } from '@clientela/events';
import { changedValues, pickWritable, type CompanyActor } from '@clientela/http';
import { changesAfter, holdCustomer, type Held } from '../customers/store.ts';
import { hasType } from '../interaction-types/store.ts';
import { isCounted, statusAfter, statusOf } from './rules.ts';
import { WritableInteraction, type Interaction, type InteractionPatch, type NewInteraction } from './schema.ts';
import {
  deleteInteraction,
  insertInteraction,
  lockInteraction,
  updateInteraction,
  type InteractionKey,
  type StoredInteraction,
} from './store.ts';

/** A change of one existing interaction: whose, which, and the version the caller knows of it, if it said so. */
export type Target = { actor: CompanyActor; key: InteractionKey; expected_version: number | undefined };

/** What counters count an interaction by. */
const countedBy = ({ type, status, occurred_at, scheduled_at }: Interaction) => ({
  type,
  status,
  occurred_at,
  scheduled_at,
});

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

  const held = await holdCustomer(tx, actor.company_id, customer_id);
  if (!held) throw notFound('customer');
  const written = { ...rest, type, status, customer_id, created_by: actor.id };
  const interaction = await insertInteraction(tx, actor.company_id, written);
  await publish(tx, interactionRecorded, actor, interaction.version, {
    interaction_id: interaction.id,
    customer_id,
    customer_changes: await changesAfter(tx, held, isCounted(type)),
    ...countedBy(interaction),
  });
  return interaction;
}

/** @throws AppError 422 for an unknown type, another type's status, or a read-only field that differs */
export async function changeInteraction(
  tx: Tx,
  target: Target,
  { given, type_field }: InteractionPatch,
): Promise<StoredInteraction> {
  const { actor } = target;
  const { held, current } = await holdCurrent(tx, target);
  const wanted = pickWritable(given, WritableInteraction, current);
  const type = wanted.type ?? current.type;
  const status = statusAfter(current, type, wanted.status);
  const faults: FieldError[] = [];
  if (type !== current.type && !(await hasType(tx, actor.company_id, type)))
    faults.push({ path: type_field, message: 'is not a known type' });
  if (status === undefined) faults.push({ path: 'status', message: `is not a status of the type ${type}` });
  if (status === undefined || faults.length > 0) throw invalid(faults);

  const changes = changedValues({ ...wanted, status }, current);
  const fields_changed = Object.keys(changes);
  if (fields_changed.length === 0) return current;
  const interaction = await updateInteraction(tx, actor.company_id, current, changes);
  if (!interaction) throw preconditionFailed();
  await publish(tx, interactionUpdated, actor, interaction.version, {
    interaction_id: interaction.id,
    customer_id: interaction.customer_id,
    customer_changes: await changesAfter(tx, held, isCounted(current.type) || isCounted(type)),
    fields_changed,
    from: countedBy(current),
    to: countedBy(interaction),
  });
  return interaction;
}

/** Removes an interaction for good. */
export async function removeInteraction(tx: Tx, target: Target): Promise<void> {
  const { actor } = target;
  const { held, current } = await holdCurrent(tx, target);
  await deleteInteraction(tx, actor.company_id, current.id);
  await publish(tx, interactionDeleted, actor, current.version + 1, {
    interaction_id: current.id,
    customer_id: current.customer_id,
    customer_changes: await changesAfter(tx, held, isCounted(current.type)),
    ...countedBy(current),
  });
}

async function holdCurrent(
  tx: Tx,
  { actor, key, expected_version }: Target,
): Promise<{ held: Held; current: StoredInteraction }> {
  const held = await holdCustomer(tx, actor.company_id, key.customer_id);
  const current = await lockInteraction(tx, actor.company_id, key);
  if (!held || !current) throw notFound('interaction');
  if (expected_version !== undefined && expected_version !== current.version) throw preconditionFailed();
  return { held, current };
}
