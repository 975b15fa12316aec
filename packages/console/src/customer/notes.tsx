import type { Customer } from '@clientela/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { StickyNote, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePeople } from '../api/people.ts';
import { api } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import { toast } from '../ui/toast.tsx';
import { Composer } from './composer.tsx';
import { Entry } from './entry.tsx';
import { Items } from './items.tsx';
import { kindText } from './interaction-text.ts';
import { useMay } from './may.ts';
import { notesQuery } from './queries.ts';
import { useWork } from './use-work.ts';

/** The notes about a customer. One that was deleted can be written again for ten seconds. */
export function Notes({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const canEdit = useMay()('customers:update');
  const list = useInfiniteQuery(notesQuery(customer.id));
  const notes = list.data?.pages.flatMap((page) => page.notes) ?? [];
  const people = usePeople(notes.map(({ created_by }) => created_by));
  const run = useWork(customer.id);
  const remove = (id: string, content: string) =>
    run(async () => {
      await api.customers.notes.remove(customer.id, id);
      const again = () => run(() => api.customers.notes.add(customer.id, { content }));
      toast(t('customer.noteDeleted'), { label: t('common.undo'), run: () => void again() });
    });
  return (
    <>
      <Composer customer={customer} onlyNotes />
      <Items list={list} isEmpty={notes.length === 0} empty={t('customer.noNotes')}>
        {notes.map(({ id, content, created_by, created_at }) => (
          <Entry
            key={id}
            icon={StickyNote}
            title={kindText('note', t)}
            at={created_at}
            author={people.get(created_by)}
            text={content}
          >
            {canEdit && (
              <Button
                look={['quiet', 'icon', 'small']}
                aria-label={t('customer.deleteNote')}
                onPress={() => void remove(id, content)}
              >
                <Trash2 size={14} strokeWidth={1.5} aria-hidden />
              </Button>
            )}
          </Entry>
        ))}
      </Items>
    </>
  );
}
