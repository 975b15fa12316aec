import type { Customer } from '@clientela/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { PencilLine } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../api/people.ts';
import { statusText, typeText } from '../customers/columns.tsx';
import { Button } from '../ui/button.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { Entry } from './entry.tsx';
import { fieldsOf, labelOf } from './fields.ts';
import { shownValue } from './inline-field.tsx';
import { Items } from './items.tsx';
import { useMay } from './may.ts';
import styles from './page.module.css';
import { historyQuery, saveCustomer, valuesOf } from './queries.ts';
import { useWork } from './use-work.ts';

type Change = { field: string; from?: unknown; to?: unknown };
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lists the parts of a record that differ, such as `address.city`, in place of the whole record. */
function partsOf({ field, from, to }: Change): Change[] {
  if (!isRecord(from) && !isRecord(to)) return [{ field, from, to }];
  const [before, after] = [isRecord(from) ? from : {}, isRecord(to) ? to : {}];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .filter((key) => textOf(before[key]) !== textOf(after[key]))
    .map((key) => ({ field: `${field}.${key}`, from: before[key], to: after[key] }));
}

/** A value of a change as text. */
const textOf = (value: unknown): string => {
  if (value === null || value === undefined || value === '') return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** A value as people read it: codes in words. */
function wordsOf(field: string, value: unknown, t: TFunction): string {
  const text = textOf(value);
  if (typeof value !== 'string' || value === '') return text;
  if (field === 'status') return statusText(value, t);
  if (field === 'type') return typeText(value, t);
  const [known] = fieldsOf([field]);
  return shownValue(known, value, t) ?? text;
}

/** One field from what to what. A value of the record that it had before can be restored. */
function ChangeOf({ customer, change: { field, from, to } }: { customer: Customer; change: Change }) {
  const { t } = useTranslation();
  const may = useMay();
  const run = useWork(customer.id);
  const label = labelOf(field);
  const name =
    label === undefined ? t(`customers.filterName.${field}` as 'customers.filterName.status', field) : t(label);
  const current = valuesOf(customer)[field] ?? null;
  const earlier = from ?? null;
  const isText = typeof earlier === 'string' || earlier === null;
  const save = async (original: Customer, value: string | null) => {
    const { stored, clashes } = await saveCustomer(original, { [field]: value });
    if (clashes.length === 0) return stored;
    toast(t('errors.codes.PRECONDITION_FAILED'));
    return undefined;
  };
  const restore = (value: string | null) =>
    run(async () => {
      const stored = await save(customer, value);
      const undo = () => void run(async () => stored && save(stored, current));
      if (stored)
        toast(t('customer.restoredValue', { name, value: wordsOf(field, value, t) }), {
          label: t('common.undo'),
          run: undo,
        });
    });
  return (
    <span className={styles.change}>
      {name}: <del>{visible(wordsOf(field, from, t))}</del> → <ins>{visible(wordsOf(field, to, t))}</ins>
      {label !== undefined && isText && earlier !== current && may('customers:update') && (
        <Button
          look={['quiet', 'small']}
          aria-label={t('customer.restoreValue', { name, value: wordsOf(field, earlier, t) })}
          onPress={() => void restore(earlier)}
        >
          {t('customer.state.restore')}
        </Button>
      )}
    </span>
  );
}

/** Who changed what of a customer, and from what to what. */
export function History({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const list = useInfiniteQuery(historyQuery(customer.id));
  const entries = list.data?.pages.flatMap(({ history }) => history) ?? [];
  const people = usePeople(entries.map(({ actor_id }) => actor_id));
  return (
    <Items list={list} isEmpty={entries.length === 0} empty={t('customer.noHistory')}>
      {entries.map(({ id, at, actor_id, action, reason, changes }) => (
        <Entry
          key={id}
          icon={PencilLine}
          title={t(`customer.actions.${action.replaceAll('.', '_')}` as 'customer.actions.customer_updated', {
            defaultValue: action,
          })}
          at={at}
          author={people.get(actor_id)}
          text={reason}
        >
          {changes
            .flatMap(partsOf)
            .map((change) =>
              change.field === 'avatar_url' ? (
                <span key={change.field}>{t(`customer.avatar.${change.to == null ? 'removed' : 'saved'}`)}</span>
              ) : (
                <ChangeOf key={change.field} customer={customer} change={change} />
              ),
            )}
        </Entry>
      ))}
    </Items>
  );
}
