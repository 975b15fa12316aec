import type { Body, Customer, Interaction } from '@clientela/client';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { MessageSquare, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../api/people.ts';
import { api } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import { formatInstant } from '../ui/format.ts';
import { Pill } from '../ui/pill.tsx';
import { Select } from '../ui/select.tsx';
import { toast } from '../ui/toast.tsx';
import { visible } from '../ui/visible.tsx';
import { Entry } from './entry.tsx';
import { InteractionDialog } from './interaction-dialog.tsx';
import { bodyOf, stepsFrom, valuesOf } from './interaction-fields.ts';
import { interactionStatusText, kindText, statusTone } from './interaction-text.ts';
import { Items } from './items.tsx';
import { useMay } from './may.ts';
import { Priority } from './priority.tsx';
import styles from './page.module.css';
import { followFigures, interactionsQuery, interactionTypesQuery } from './queries.ts';
import { useWork } from './use-work.ts';

const all = 'all';

/** The interactions of a customer: recorded, corrected, and their appointments and complaints carried on. */
export function Interactions({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const may = useMay();
  const [type, setType] = useState(all);
  const [editing, setEditing] = useState<Interaction | 'new'>();
  const list = useInfiniteQuery(interactionsQuery(customer.id, type === all ? undefined : type));
  const { data: types = [] } = useQuery(interactionTypesQuery);
  const interactions = list.data?.pages.flatMap((page) => page.interactions) ?? [];
  const people = usePeople(interactions.map(({ created_by }) => created_by));
  return (
    <>
      <div className={styles.composerBar}>
        <Select
          label={t('customer.kind')}
          isLabelHidden
          value={type}
          onChange={setType}
          options={[
            { value: all, text: t('customer.allKinds') },
            ...types.map(({ name }) => ({ value: name, text: kindText(name, t) })),
          ]}
        />
        {may('interactions:create') && (
          <Button onPress={() => setEditing('new')}>
            <Plus size={16} strokeWidth={1.75} aria-hidden />
            {t('customer.newInteraction')}
          </Button>
        )}
      </div>
      <Items list={list} isEmpty={interactions.length === 0} empty={t('customer.noInteractions')}>
        {interactions.map((interaction) => (
          <InteractionEntry
            key={interaction.id}
            interaction={interaction}
            author={people.get(interaction.created_by)}
            onEdit={() => setEditing(interaction)}
          />
        ))}
      </Items>
      {editing !== undefined && (
        <InteractionDialog
          customerId={customer.id}
          {...(editing !== 'new' && { interaction: editing })}
          onClose={() => setEditing(undefined)}
        />
      )}
    </>
  );
}

type InteractionEntryProps = { interaction: Interaction; author: string | undefined; onEdit: () => void };

function InteractionEntry({ interaction, author, onEdit }: InteractionEntryProps) {
  const { t } = useTranslation();
  const may = useMay();
  const { id, customer_id, type, notes, occurred_at, scheduled_at, status, priority, category, version } = interaction;
  const kind = kindText(type, t);
  const run = useWork(customer_id);
  const set = async (next: string | null, ifMatch: { version: number }) => {
    const body = { status: next } as Body<'customers.interactions.put'>;
    await api.customers.interactions.put(customer_id, id, body, { ifMatch });
    followFigures(customer_id);
  };
  const takeBack = async (stepped: string) => {
    const { interaction: now } = await api.customers.interactions.get(customer_id, id);
    if (now.status !== stepped) toast(t('errors.codes.PRECONDITION_FAILED'));
    else await set(status, now);
  };
  const step = (next: string) =>
    run(async () => {
      await set(next, { version });
      const undo = () => void run(() => takeBack(next));
      const text = t('customer.interactionState', { kind, state: interactionStatusText(next, t) });
      toast(text, { label: t('common.undo'), run: undo });
    });
  const remove = () =>
    run(async () => {
      await api.customers.interactions.delete(customer_id, id);
      followFigures(customer_id);
      const again = () =>
        run(async () => {
          const body = { type, notes, ...bodyOf(valuesOf(interaction)), occurred_at, scheduled_at };
          await api.customers.interactions.create(customer_id, body);
          followFigures(customer_id);
        });
      toast(t('customer.interactionDeleted'), { label: t('common.undo'), run: () => void again() });
    });
  return (
    <Entry
      icon={MessageSquare}
      title={kind}
      at={occurred_at}
      author={author}
      text={notes}
      actions={
        <>
          {may('interactions:update') &&
            stepsFrom(status).map((next) => (
              <Button key={next} look="small" onPress={() => void step(next)}>
                {t(`customer.to.${next}` as 'customer.to.done')}
              </Button>
            ))}
          {may('interactions:update') && (
            <Button look={['quiet', 'icon', 'small']} aria-label={t('customer.editInteraction')} onPress={onEdit}>
              <Pencil size={14} strokeWidth={1.5} aria-hidden />
            </Button>
          )}
          {may('interactions:delete') && (
            <Button look={['quiet', 'icon', 'small']} aria-label={t('common.delete')} onPress={() => void remove()}>
              <Trash2 size={14} strokeWidth={1.5} aria-hidden />
            </Button>
          )}
        </>
      }
    >
      {status !== null && <Pill tone={statusTone(status)}>{interactionStatusText(status, t)}</Pill>}
      {priority !== null && <Priority of={priority} />}
      {category !== null && <bdi>{visible(category)}</bdi>}
      {scheduled_at !== null && <span>{t('customer.scheduledFor', { at: formatInstant(scheduled_at) })}</span>}
    </Entry>
  );
}
