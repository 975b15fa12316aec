import { interactionDeleted, interactionRecorded, interactionUpdated } from '@clientela/contracts';
import { requireUpdated, requireVersion, type Tx, type ExpectedVersion } from '@clientela/db';
import { invalid, notFound, type FieldError } from '@clientela/errors';
import { publish } from '@clientela/events';
import { changedValues, pickWritable, type CompanyActor } from '@clientela/http';
import { raiseRecordedVersion, lockCustomer, type LockedCustomer } from '../customers/store.ts';
import { hasType } from '../interaction-types/store.ts';
import { isCountedType, statusAfterChange, initialStatus } from './rules.ts';
import { WritableInteraction, type Interaction, type InteractionPatch, type NewInteraction } from './schema.ts';
import {
  deleteInteraction,
  insertInteraction,
  lockInteraction,
  updateInteraction,
  type InteractionKey,
} from './store.ts';

/** The interaction to change, and the version from If-Match; undefined without that header. */
export type Target = { actor: CompanyActor; key: InteractionKey; expected_version: ExpectedVersion };

/** The fields that the customer's counters depend on. */
const counterFields = ({ type, status, occurred_at, scheduled_at }: Interaction) => ({
  type,
  status,
  occurred_at,
  scheduled_at,
});

/** @throws AppError 404 when the customer was hard-deleted since it was fetched, 422 for an unknown type or a status of another type */
export async function recordInteraction(
  tx: Tx,
  actor: CompanyActor,
  customer_id: string,
  input: NewInteraction,
): Promise<Interaction> {
  const { type, type_field, status: requestedStatus, ...rest } = input;
  const status = initialStatus(type, requestedStatus);
  const errors: FieldError[] = [];
  if (!(await hasType(tx, actor.company_id, type))) errors.push({ path: type_field, message: 'is not a known type' });
  if (status === undefined) errors.push({ path: 'status', message: `is not a status of the type ${type}` });
  if (status === undefined || errors.length > 0) throw invalid(errors);

  const customer = await lockCustomer(tx, actor.company_id, customer_id, isCountedType(type));
  if (!customer) throw notFound('customer');
  const row = { ...rest, type, status, customer_id, created_by: actor.id };
  const interaction = await insertInteraction(tx, actor.company_id, row);
  await publish(tx, interactionRecorded, actor, interaction.version, {
    interaction_id: interaction.id,
    customer_id,
    customer_changes: customer.recorded_version,
    ...counterFields(interaction),
  });
  return interaction;
}

/** @throws AppError 422 for an unknown type, a status of another type, or a changed read-only field */
export async function changeInteraction(
  tx: Tx,
  target: Target,
  { patch, type_field }: InteractionPatch,
): Promise<Interaction> {
  const { actor } = target;
  const { customer, current } = await lockCurrent(tx, target);
  const requested = pickWritable(patch, WritableInteraction, current);
  const type = requested.type ?? current.type;
  const status = statusAfterChange(current, type, requested.status);
  const errors: FieldError[] = [];
  if (type !== current.type && !(await hasType(tx, actor.company_id, type)))
    errors.push({ path: type_field, message: 'is not a known type' });
  if (status === undefined) errors.push({ path: 'status', message: `is not a status of the type ${type}` });
  if (status === undefined || errors.length > 0) throw invalid(errors);

  const changes = changedValues({ ...requested, status }, current);
  const fields_changed = Object.keys(changes);
  if (fields_changed.length === 0) return current;
  const interaction = requireUpdated(await updateInteraction(tx, actor.company_id, current, changes));
  await publish(tx, interactionUpdated, actor, interaction.version, {
    interaction_id: interaction.id,
    customer_id: interaction.customer_id,
    customer_changes: await raiseRecordedVersion(tx, customer, isCountedType(current.type) || isCountedType(type)),
    fields_changed,
    from: counterFields(current),
    to: counterFields(interaction),
  });
  return interaction;
}

/** Deletes an interaction. */
export async function hardDeleteInteraction(tx: Tx, target: Target): Promise<void> {
  const { actor } = target;
  const { customer, current } = await lockCurrent(tx, target);
  await deleteInteraction(tx, actor.company_id, current.id);
  await publish(tx, interactionDeleted, actor, current.version + 1, {
    interaction_id: current.id,
    customer_id: current.customer_id,
    customer_changes: await raiseRecordedVersion(tx, customer, isCountedType(current.type)),
    ...counterFields(current),
  });
}

async function lockCurrent(
  tx: Tx,
  { actor, key, expected_version }: Target,
): Promise<{ customer: LockedCustomer; current: Interaction }> {
  const customer = await lockCustomer(tx, actor.company_id, key.customer_id);
  const current = requireVersion(await lockInteraction(tx, actor.company_id, key), 'interaction', expected_version);
  if (!customer) throw notFound('interaction');
  return { customer, current };
}
