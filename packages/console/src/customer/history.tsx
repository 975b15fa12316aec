import type { Customer } from '@clientela/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { PencilLine } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../api/people.ts';
import { Entry } from './entry.tsx';
import { labelOf } from './fields.ts';
import { Items } from './items.tsx';
import styles from './page.module.css';
import { historyQuery } from './queries.ts';

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
          {changes.flatMap(partsOf).map(({ field, from, to }) => {
            const key = labelOf(field);
            return (
              <span key={field} className={styles.change}>
                {key === undefined ? field : t(key)}: <del>{textOf(from)}</del> → <ins>{textOf(to)}</ins>
              </span>
            );
          })}
        </Entry>
      ))}
    </Items>
  );
}
