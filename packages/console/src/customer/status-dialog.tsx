import type { Customer } from '@clientela/client';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { statusText, typeText } from '../customers/columns.tsx';
import { customerName } from '../customers/queries.ts';
import { statuses, types, type Status, type Type } from '../customers/search-params.ts';
import { Conflict } from '../forms/conflict.tsx';
import { FormDialog } from '../forms/form-dialog.tsx';
import { useRecordForm } from '../forms/use-record-form.ts';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import { toast } from '../ui/toast.tsx';
import { keepCustomer, refreshCustomer } from './queries.ts';
import { RestoreFirst } from './restore.tsx';
import { useWork } from './use-work.ts';

type StateValues = { status: string; type: string; reason: string };
const stored = ({ status, type, version }: Customer) => ({ values: { status, type, reason: '' }, version });

/** Changes the status, with its reason, and the type. @returns the customer as it is stored then */
async function change(id: string, { status, type, reason }: Partial<StateValues>, version: number): Promise<Customer> {
  const ifMatch = { version };
  let customer: Customer | undefined;
  if (status !== undefined) {
    const body = { status: status as Status, ...(reason?.trim() && { reason: reason.trim() }) };
    customer = (await api.customers.setStatus(id, body, { ifMatch })).customer as Customer;
  }
  if (type !== undefined) {
    const next = { ifMatch: customer ?? ifMatch };
    customer = (await api.customers.setType(id, { type: type as Type }, next)).customer as Customer;
  }
  return keepCustomer(customer ?? ((await api.customers.get(id)).customer as Customer));
}

/** Changes the status of a customer, with its reason, and the type. The toast takes both back. */
export function StatusDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const { t } = useTranslation();
  const [first] = useState(customer);
  const name = customerName(customer);
  const run = useWork(customer.id);
  /** Takes a change back, unless somebody has changed the same since. */
  const takeBack = async (saved: Customer, before: Partial<Pick<Customer, 'status' | 'type'>>) => {
    const now = (await api.customers.get(customer.id)).customer as Customer;
    const isAsSaved = (['status', 'type'] as const).every((key) => !(key in before) || now[key] === saved[key]);
    if (isAsSaved) await change(customer.id, before, now.version);
    else toast(t('errors.codes.PRECONDITION_FAILED'));
  };
  const form = useRecordForm<StateValues>({
    stored: stored(first),
    save: async (changes, version) => {
      // The status may be stored before the change of the type fails.
      const saved = await change(customer.id, changes, version).catch((error: unknown) => {
        void refreshCustomer(customer.id);
        throw error;
      });
      const undone = {
        ...(changes.status !== undefined && { status: first.status }),
        ...(changes.type !== undefined && { type: first.type }),
      };
      const now = { name, status: statusText(saved.status, t), type: typeText(saved.type, t) };
      toast(t('customer.status.changed', now), {
        label: t('common.undo'),
        run: () => void run(() => takeBack(saved, undone)),
      });
      return stored(saved);
    },
    read: async () => stored(keepCustomer((await api.customers.get(customer.id)).customer as Customer)),
    onSaved: () => {
      flushSync(onClose);
      void refreshCustomer(customer.id);
    },
  });
  const { draft, set, conflicts, settle, isBusy, error } = form;
  const isDirty = draft.status !== first.status || draft.type !== first.type;
  return (
    <FormDialog
      title={t('customer.status.button')}
      onClose={onClose}
      onSubmit={() => void form.submit()}
      error={error}
      shown={['status', 'type', 'reason']}
      isDirty={isDirty}
      isBusy={isBusy}
    >
      <div>
        <Select
          label={t('customers.filterName.status')}
          value={draft.status}
          onChange={set('status')}
          options={statuses.map((value) => ({ value, text: statusText(value, t) }))}
        />
        <Conflict theirs={conflicts.status} onTake={(value) => settle('status', value)} />
      </div>
      {draft.status !== first.status && (
        <TextField
          label={t('customer.status.reason')}
          description={t('customer.status.reasonHint')}
          value={draft.reason}
          onChange={set('reason')}
          maxLength={500}
          multiline
          rows={2}
          error={form.fields.reason}
        />
      )}
      <div>
        <Select
          label={t('customers.filterName.type')}
          value={draft.type}
          onChange={set('type')}
          options={types.map((value) => ({ value, text: typeText(value, t) }))}
        />
        <Conflict theirs={conflicts.type} onTake={(value) => settle('type', value)} />
      </div>
      <RestoreFirst customer={customer} error={error} />
    </FormDialog>
  );
}
