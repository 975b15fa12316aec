import type { Customer, TimelineItem } from '@clientela/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ArrowRightLeft, MessageSquare, Receipt, StickyNote } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../api/people.ts';
import { statusText } from '../customers/columns.tsx';
import { Money } from '../ui/money.tsx';
import { Pill } from '../ui/pill.tsx';
import { Composer } from './composer.tsx';
import { interactionStatusText, kindText, statusTone } from './interaction-text.ts';
import { Items } from './items.tsx';
import styles from './page.module.css';
import { Priority } from './priority.tsx';
import { timelineQuery } from './queries.ts';
import { Entry } from './entry.tsx';

const authorOf = (item: TimelineItem): string | undefined => {
  if (item.kind === 'interaction') return item.interaction.created_by;
  if (item.kind === 'note') return item.note.created_by;
  return item.kind === 'status_change' ? item.status_change.changed_by : undefined;
};

/** Everything that happened with a customer, newest first, and where more is written down. */
export function Timeline({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const list = useInfiniteQuery(timelineQuery(customer.id));
  const items = list.data?.pages.flatMap(({ timeline }) => timeline) ?? [];
  const people = usePeople(items.flatMap((item) => authorOf(item) ?? []));
  return (
    <>
      <Composer customer={customer} />
      <Items list={list} isEmpty={items.length === 0} empty={t('customer.noTimeline')}>
        {items.map((item) => (
          <TimelineEntry key={`${item.kind} ${item.id}`} item={item} author={people.get(authorOf(item) ?? '')} />
        ))}
      </Items>
    </>
  );
}

function TimelineEntry({ item, author }: { item: TimelineItem; author: string | undefined }) {
  const { t } = useTranslation();
  const common = { at: item.occurred_at, author };
  if (item.kind === 'interaction') {
    const { type, notes, status, priority } = item.interaction;
    return (
      <Entry {...common} icon={MessageSquare} title={kindText(type, t)} text={notes}>
        {status !== null && <Pill tone={statusTone(status)}>{interactionStatusText(status, t)}</Pill>}
        {priority !== null && ['high', 'critical'].includes(priority) && <Priority of={priority} />}
      </Entry>
    );
  }
  if (item.kind === 'note')
    return <Entry {...common} icon={StickyNote} title={kindText('note', t)} text={item.note.content} />;
  if (item.kind === 'status_change') {
    const { from, to, reason } = item.status_change;
    const title = t('customer.statusChange', { from: statusText(from, t), to: statusText(to, t) });
    return <Entry {...common} icon={ArrowRightLeft} title={title} text={reason ?? undefined} />;
  }
  const { kind, amount, currency, status } = item.transaction;
  return (
    <Entry {...common} icon={Receipt} title={kindText(kind, t)}>
      <span className={styles.change}>
        <Money amount={amount} currency={currency} />
      </span>
      <Pill tone={statusTone(status)}>{interactionStatusText(status, t)}</Pill>
    </Entry>
  );
}
